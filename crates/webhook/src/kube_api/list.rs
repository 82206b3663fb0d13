//! Lists of the API server, in pages, so that at most one page is in memory.

use kube::Client;
use kube::api::ListParams;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::task::spawn_blocking;

/// One list, which is requested in pages.
pub(crate) struct ListPager {
    client: Client,
    path: String,
    label_selector: Option<String>,
    page_size: u32,
    continue_token: Option<String>,
    /// Whether the API server offered the token in the response that reported an expired token
    is_resumed: bool,
    /// Whether the list is requested without pages
    is_unlimited: bool,
    is_done: bool,
}

#[derive(Deserialize)]
struct List {
    metadata: ListMetadata,
    items: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct ListMetadata {
    #[serde(rename = "continue")]
    continue_token: Option<String>,
}

impl ListPager {
    /// Creates a pager for the list at a path, of the objects that a label selector matches.
    pub(crate) fn new(client: Client, path: String, label_selector: Option<String>, page_size: u32) -> Self {
        Self {
            client,
            path,
            label_selector,
            page_size,
            continue_token: None,
            is_resumed: false,
            is_unlimited: false,
            is_done: false,
        }
    }

    /// Returns the items of the next page, or `None` after the last page. An object can occur twice if a token has
    /// expired.
    pub(crate) async fn next_page(&mut self) -> Option<kube::Result<Vec<Box<RawValue>>>> {
        while !self.is_done {
            match self.request_page().await {
                Ok(list) => {
                    self.is_resumed = false;
                    self.continue_token = list.metadata.continue_token.filter(|token| !token.is_empty());
                    self.is_done = self.continue_token.is_none();
                    return Some(Ok(list.items));
                }
                Err(kube::Error::Api(status)) if status.code == 410 && self.continue_token.is_some() => {
                    self.resume(status.metadata.and_then(|metadata| metadata.continue_));
                }
                Err(error) => {
                    self.is_done = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }

    async fn request_page(&self) -> kube::Result<List> {
        let params = ListParams {
            continue_token: self.continue_token.clone(),
            limit: (!self.is_unlimited).then_some(self.page_size),
            label_selector: self.label_selector.clone(),
            ..ListParams::default()
        };
        let request = kube::core::Request::new(&self.path).list(&params).map_err(kube::Error::BuildRequest)?;
        // `Client::request` would log a response that it cannot parse.
        let text = self.client.request_text(request).await?;
        // A page may have many megabytes. Parsing it here would block reviews.
        let list = spawn_blocking(move || serde_json::from_str(&text)).await;
        list.map_err(|error| kube::Error::Service(error.into()))?.map_err(kube::Error::SerdeError)
    }

    /// Continues after an expired token, as client-go does: with the token that the API server offers, which returns
    /// the rest of the list as it is now, or without a token and without pages.
    fn resume(&mut self, offered: Option<String>) {
        self.continue_token = offered.filter(|token| !token.is_empty() && !self.is_resumed);
        self.is_resumed = self.continue_token.is_some();
        self.is_unlimited = self.continue_token.is_none();
    }
}
