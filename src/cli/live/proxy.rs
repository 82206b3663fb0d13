//! The proxy on the way to the API server, found as kubectl finds it.

use std::env;
use std::net::IpAddr;

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube::config::Kubeconfig;

/// Whether the kubeconfig names a proxy for the cluster of a context. It is then taken whatever the environment says.
pub(super) fn is_in(kubeconfig: &Kubeconfig, context: Option<&str>) -> bool {
    let context = context.or(kubeconfig.current_context.as_deref());
    let of_name = kubeconfig.contexts.iter().find(|it| Some(&*it.name) == context);
    let cluster = of_name.and_then(|it| it.context.as_ref()).map(|context| &context.cluster);
    let cluster = kubeconfig.clusters.iter().find(|it| Some(&it.name) == cluster).and_then(|it| it.cluster.as_ref());
    cluster.and_then(|cluster| cluster.proxy_url.as_ref()).is_some_and(|url| !url.is_empty())
}

/// The proxy that the environment names for a server. The client's own reading of `NO_PROXY` asks whether the proxy is
/// excepted, and not whether the server is.
pub(super) fn in_environment(server: &Uri) -> Result<Option<Uri>, String> {
    let is_https = server.scheme_str() == Some("https");
    let Some(proxy) = variable(if is_https { "HTTPS_PROXY" } else { "HTTP_PROXY" }) else { return Ok(None) };
    let matcher = Matcher::builder().http(&*proxy).https(&*proxy).no(variable("NO_PROXY").unwrap_or_default()).build();
    if is_loopback(server) || matcher.intercept(server).is_none() {
        return Ok(None);
    }
    let url = if proxy.contains("://") { proxy } else { format!("http://{proxy}") };
    url.parse().map(Some).map_err(|error| format!("the proxy in the environment has no valid URL: {error}"))
}

/// What is on this machine needs no proxy, and a proxy would not find it.
fn is_loopback(server: &Uri) -> bool {
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// A variable of the environment by either of its names, unless it is empty.
fn variable(name: &str) -> Option<String> {
    let names = [name.to_owned(), name.to_lowercase()];
    names.iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()))
}
