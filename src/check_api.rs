//! `rayguard check-api`: compares the decisions of a cluster's API server with those of the policy.
//!
//! It creates a good and a bad RayCluster by server-side dry run, which stores nothing. The expected decisions are
//! those of the [`Policy`] that the webhooks use, so a policy that only warns is expected to warn.

mod advice;
mod answer;
mod example;
mod outcome;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use rayguard_policy::policy::{Policy, Webhook};
use rayguard_webhook::kube_api::{ApiClient, ApiError};
use tokio::runtime::Builder;
use tokio::time::sleep;

use answer::DryRunResponse;
use example::Example;
use outcome::Outcome;

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// Check that the API server's decisions are those of the policy
///
/// Creates two RayClusters as a dry run, which stores nothing: a good one, which must get rayguard's defaults, and a
/// bad one, which must be refused. The expected results are those of the policy, with its levels and exemptions. The
/// API server is that of kubectl, or of the Pod's service account. The output has one line for each of the two; the
/// exit status is 0 if both are as expected, 1 if one is not, and 2 if the API server cannot be asked.
#[derive(Args, Clone, Debug)]
pub(crate) struct CheckApiArgs {
    /// The namespace of the two RayClusters, which rayguard must not exclude
    #[arg(long, short, value_name = "NAME", default_value = "default")]
    pub(crate) namespace: String,

    /// The policy file of the webhooks
    #[arg(long, env = "RAYGUARD_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<std::path::PathBuf>,

    /// How long to retry until both results are as expected, for an installation in progress
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = crate::serve::duration)]
    pub(crate) wait: Duration,
}

/// Why the API server could not be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CheckApiError {
    /// The runtime cannot be started.
    #[error("cannot start: {0}")]
    Runtime(io::Error),
    /// The API server cannot be found or reached.
    #[error("{}{}", rayguard_webhook::error::chain(.0), advice::for_connection_error(.0))]
    Api(#[from] ApiError),
    /// The API server rejected the request before admission.
    #[error("{0}")]
    NotChecked(String),
}

/// The result of the comparison for one of the two RayClusters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Whether the outcome is as expected
    pub(crate) is_as_expected: bool,
    line: String,
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_as_expected { "ok    " } else { "FAILED" };
        write!(formatter, "{word}  {}", self.line)
    }
}

/// Compares the API server's decisions with those of the policy, and repeats this until both are as expected or
/// `--wait` is over.
///
/// # Errors
///
/// Returns an error if the API server cannot be asked.
pub(crate) fn run(args: &CheckApiArgs, policy: &Policy) -> Result<Vec<Comparison>, CheckApiError> {
    // The webhook is what is checked, so its defaults are expected.
    let policy = &Policy { webhook: Some(Webhook::Installed), ..policy.clone() };
    let runtime = Builder::new_current_thread().enable_all().build().map_err(CheckApiError::Runtime)?;
    runtime.block_on(async {
        let start = Instant::now();
        let client = ApiClient::new(&Arc::default()).await?;
        loop {
            let comparisons = compare_all(&client, policy, &args.namespace).await;
            let is_done = comparisons.as_ref().is_ok_and(|all| all.iter().all(|one| one.is_as_expected));
            if is_done || start.elapsed() + PAUSE > args.wait {
                return comparisons;
            }
            sleep(PAUSE).await;
        }
    })
}

async fn compare_all(client: &ApiClient, policy: &Policy, namespace: &str) -> Result<Vec<Comparison>, CheckApiError> {
    let mut comparisons = Vec::new();
    for example in Example::BOTH {
        comparisons.push(compare(client, policy, namespace, example).await?);
    }
    Ok(comparisons)
}

/// Compares the API server's decision on one of the two RayClusters with the decision of the policy.
async fn compare(
    client: &ApiClient,
    policy: &Policy,
    namespace: &str,
    example: Example,
) -> Result<Comparison, CheckApiError> {
    let object = example.object(policy);
    let expected = Outcome::expected(policy, &object, namespace);
    let response = DryRunResponse::request(client, namespace, &object).await?;
    let result = |is_as_expected, text: String| Ok(Comparison { is_as_expected, line: format!("{example} is {text}") });
    match response.outcome(namespace) {
        Err(advice::CheckFailure::NotChecked(why)) => Err(CheckApiError::NotChecked(why)),
        Err(advice::CheckFailure::Failed(why)) => result(false, format!("neither admitted nor validated: {why}")),
        Ok(outcome) if outcome == expected => match response.missing_default(policy) {
            Some(pointer) => {
                let help = "is --config the policy that is installed";
                result(false, format!("{outcome}, without the default at {pointer}; {help}?"))
            }
            None if outcome.is_untouched() => {
                result(true, format!("{outcome}, as the policy specifies, and as without rayguard"))
            }
            None => result(true, outcome.to_string()),
        },
        Ok(outcome) => {
            let help = if outcome.is_untouched() {
                advice::for_untouched(client, namespace, example).await
            } else {
                "is --config the policy that is installed, and this the same version of rayguard?".to_owned()
            };
            result(false, format!("{outcome}, but the policy expects: {expected}; {help}"))
        }
    }
}
