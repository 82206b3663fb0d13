//! `rayguard check-api`: whether the API server of a cluster says what the policy says.
//!
//! Two RayClusters are created by server-side dry run, a good one and a bad one, so that nothing is stored. What is to
//! come of them is asked of the same [`Policy`] that the webhooks go by, so a policy that only warns is expected to warn.

mod advice;
mod answer;
mod example;
mod said;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::runtime::Builder;
use tokio::time::sleep;

use answer::Answer;
use example::Example;
use rayguard_policy::policy::Policy;
use rayguard_webhook::kube_api::{ApiClient, ApiError};
use said::Said;

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// Ask the API server whether it says what the policy says
///
/// Creates two RayClusters in a dry run, which stores nothing: a good one, which is to get rayguard's defaults, and a bad
/// one, which is to be refused. What is expected of both is what the policy says, with its levels and exemptions. The
/// API server is found as kubectl finds it, or by the service account of a Pod. One line tells of each; the exit status is
/// 0 if both are as expected, 1 if one is not, and 2 if the API server could not be asked.
#[derive(Args, Clone, Debug)]
pub(crate) struct CheckApiArgs {
    /// The namespace of the two RayClusters; rayguard has to look at it
    #[arg(long, short, value_name = "NAME", default_value = "default")]
    pub(crate) namespace: String,

    /// The policy file that the webhooks have
    #[arg(long, env = "RAYGUARD_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<std::path::PathBuf>,

    /// How long to go on asking until all is as expected, for an installation that is just being made
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = crate::serve::duration)]
    pub(crate) wait: Duration,
}

/// Why the API server could not be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CheckApiError {
    /// There is no runtime to ask on.
    #[error("cannot start: {0}")]
    Runtime(io::Error),
    /// It cannot be found or reached.
    #[error("{}{}", rayguard_webhook::error::chain(.0), advice::on_reaching(.0))]
    Api(#[from] ApiError),
    /// It cannot be asked this.
    #[error("{0}")]
    Unasked(String),
}

/// What came of one of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Whether it is as expected.
    pub(crate) is_as_expected: bool,
    line: String,
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_as_expected { "ok    " } else { "FAILED" };
        write!(formatter, "{word}  {}", self.line)
    }
}

/// Asks until both are as expected, or the time is over.
pub(crate) fn run(args: &CheckApiArgs, policy: &Policy) -> Result<Vec<Outcome>, CheckApiError> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(CheckApiError::Runtime)?;
    runtime.block_on(async {
        let start = Instant::now();
        let api = ApiClient::new(&Arc::default()).await?;
        loop {
            let outcomes = ask(&api, policy, &args.namespace).await;
            let is_done = outcomes.as_ref().is_ok_and(|all| all.iter().all(|outcome| outcome.is_as_expected));
            if is_done || start.elapsed() + PAUSE > args.wait {
                return outcomes;
            }
            sleep(PAUSE).await;
        }
    })
}

async fn ask(api: &ApiClient, policy: &Policy, namespace: &str) -> Result<Vec<Outcome>, CheckApiError> {
    let mut outcomes = Vec::new();
    for example in Example::BOTH {
        outcomes.push(compare(api, policy, namespace, example).await?);
    }
    Ok(outcomes)
}

/// Compares what the API server says to one of the two with what the policy says.
async fn compare(
    api: &ApiClient,
    policy: &Policy,
    namespace: &str,
    example: Example,
) -> Result<Outcome, CheckApiError> {
    let object = example.object(policy);
    let expected = Said::by_policy(policy, &object, namespace);
    let answer = Answer::to(api, namespace, &object).await?;
    let outcome = |is_as_expected, text: String| Ok(Outcome { is_as_expected, line: format!("{example} is {text}") });
    match answer.said(namespace) {
        Err(advice::Trouble::Unasked(why)) => Err(CheckApiError::Unasked(why)),
        Err(advice::Trouble::Failed(why)) => outcome(false, format!("neither admitted nor judged: {why}")),
        Ok(said) if said == expected => match answer.lacking(policy) {
            Some(place) => {
                let help = "is --config the policy that is installed";
                outcome(false, format!("{said}, without the default at {place}; {help}?"))
            }
            None if said.is_silent() => {
                outcome(true, format!("{said}, as the policy wants it, and as it would be without rayguard"))
            }
            None => outcome(true, said.to_string()),
        },
        Ok(said) => {
            let help = if said.is_silent() {
                advice::on_silence(api, namespace, example).await
            } else {
                "is --config the policy that is installed, and this the same version of rayguard?".to_owned()
            };
            outcome(false, format!("{said}, and by the policy is to be {expected}; {help}"))
        }
    }
}
