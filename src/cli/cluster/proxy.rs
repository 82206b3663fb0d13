//! The proxy for the API server, chosen as kubectl chooses it.

use std::env;
use std::net::IpAddr;

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube::config::Kubeconfig;

/// Returns the proxy for a server: that of the kubeconfig, or else that of the environment.
///
/// # Errors
///
/// The URL of the proxy is invalid. The message is returned.
pub(super) fn of(server: &Uri, kubeconfig: Option<&Kubeconfig>, context: Option<&str>) -> Result<Option<Uri>, String> {
    match kubeconfig.and_then(|kubeconfig| in_kubeconfig(kubeconfig, context)) {
        Some(url) => url.parse().map(Some).map_err(|error| format!("proxy-url is no valid URL: {error}")),
        None => in_environment(server),
    }
}

/// Returns the proxy that the kubeconfig names for the cluster of a context.
fn in_kubeconfig<'k>(kubeconfig: &'k Kubeconfig, context: Option<&str>) -> Option<&'k str> {
    let context = context.or(kubeconfig.current_context.as_deref())?;
    let context = kubeconfig.contexts.iter().find(|it| it.name == context)?.context.as_ref()?;
    let cluster = kubeconfig.clusters.iter().find(|it| it.name == context.cluster)?.cluster.as_ref()?;
    cluster.proxy_url.as_deref().filter(|url| !url.is_empty())
}

/// Returns the proxy that the environment names for a server. The client applies `NO_PROXY` to the proxy instead of the
/// server, so it is not used for this.
fn in_environment(server: &Uri) -> Result<Option<Uri>, String> {
    let is_https = server.scheme_str() == Some("https");
    let Some(proxy) = variable(if is_https { "HTTPS_PROXY" } else { "HTTP_PROXY" }) else { return Ok(None) };
    let matcher = Matcher::builder().http(&*proxy).https(&*proxy).no(variable("NO_PROXY").unwrap_or_default()).build();
    if is_loopback(server) || matcher.intercept(server).is_none() {
        return Ok(None);
    }
    let url = if proxy.contains("://") { proxy } else { format!("http://{proxy}") };
    url.parse().map(Some).map_err(|error| format!("the proxy in the environment has no valid URL: {error}"))
}

/// Reports whether a server is on this machine. A proxy cannot reach it.
fn is_loopback(server: &Uri) -> bool {
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Returns an environment variable, in upper or lower case, unless it is empty.
fn variable(name: &str) -> Option<String> {
    let names = [name.to_owned(), name.to_lowercase()];
    names.iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()))
}
