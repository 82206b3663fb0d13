//! The PolicyReports in the API server, where it knows such.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use kube::core::Request;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::report::{API_VERSION, Key, Known, MANAGED_BY, Report};
use super::{PAGE, PATIENCE};
use crate::kube_api::list::ListPager;
use crate::kube_api::{ApiClient, FIELD_MANAGER, RequestResult};

/// After so many failures of the API server the rest of a round is left for the next one.
const MOST_FAILURES: usize = 10;

/// Keeps the reports.
pub(super) struct Reports {
    api: ApiClient,
    /// Whether it has been said that there are none.
    is_absent: AtomicBool,
}

/// The reports as an audit found them, less those that it has been at.
pub(super) struct Round<'r> {
    reports: &'r Reports,
    known: HashMap<Key, Known>,
    failures: usize,
    failure: Option<ReportError>,
    /// Whether reports of others have names of rayguard's.
    others_are_in_the_way: bool,
}

/// Why a report is not as it is to be. What the API server says names the report, and with it the object.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReportError {
    #[error("may not {0} policyreports.wgpolicyk8s.io; it takes the right to list, create, patch and delete them")]
    Forbidden(&'static str),
    #[error("a PolicyReport of another program has the name of rayguard's, and other content")]
    Conflict,
    #[error("the API server does not {verb} a PolicyReport: {reason} ({code})")]
    Refused { verb: &'static str, reason: String, code: u16 },
    #[error("cannot talk to the API server")]
    Unreachable(#[source] Box<kube::Error>),
    #[error("the API server does not answer within {} s", .0.as_secs())]
    Timeout(Duration),
    #[error("rayguard failed on a PolicyReport")]
    Panic,
}

impl Reports {
    pub(super) fn new(api: ApiClient) -> Self {
        Self { api, is_absent: AtomicBool::default() }
    }

    /// Looks at the reports that there are; none where their CRD is not installed.
    pub(super) async fn begin(&self) -> Result<Option<Round<'_>>, ReportError> {
        let (path, (label, value)) = (format!("/apis/{API_VERSION}/policyreports"), MANAGED_BY);
        let mut pages = ListPager::new(self.api.inner().clone(), path, Some(format!("{label}={value}")), PAGE);
        let mut known = HashMap::new();
        loop {
            match timeout(PATIENCE, pages.next_page()).await.map_err(|_| ReportError::Timeout(PATIENCE))? {
                Some(Ok(page)) => {
                    let read = spawn_blocking(move || page.iter().filter_map(|it| Known::read(it.get())).collect());
                    let read: Vec<_> = read.await.map_err(|_| ReportError::Panic)?;
                    known.extend(read);
                }
                Some(Err(kube::Error::Api(status))) if status.code == 404 => {
                    if !self.is_absent.swap(true, Ordering::Relaxed) {
                        tracing::info!("writes no PolicyReports, for their CRD is not installed ({API_VERSION})");
                    }
                    return Ok(None);
                }
                Some(Err(error)) => return Err(ReportError::of("list", error)),
                None => break,
            }
        }
        if self.is_absent.swap(false, Ordering::Relaxed) {
            tracing::info!("writes PolicyReports, for their CRD is installed now");
        }
        Ok(Some(Round { reports: self, known, failures: 0, failure: None, others_are_in_the_way: false }))
    }

    async fn ask(&self, verb: &'static str, request: RequestResult) -> Result<(), ReportError> {
        let request = request.map_err(|error| ReportError::of(verb, kube::Error::BuildRequest(error)))?;
        let answer = timeout(PATIENCE, self.api.inner().request_text(request)).await;
        match answer.map_err(|_| ReportError::Timeout(PATIENCE))? {
            Ok(_) => Ok(()),
            // The object is gone, or its namespace, and so is the report or soon will be.
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 403 && status.message.contains("being terminated") => {
                Ok(())
            }
            Err(error) => Err(ReportError::of(verb, error)),
        }
    }

    fn path(namespace: &str) -> String {
        format!("/apis/{API_VERSION}/namespaces/{namespace}/policyreports")
    }
}

impl Round<'_> {
    /// Writes a report, if it differs from what is there. A report that is not known to be rayguard's is not overwritten.
    pub(super) async fn keep(&mut self, report: Report) {
        let known = self.known.remove(&report.key);
        if known.as_ref().is_some_and(|known| known.digest == report.digest) || self.failures >= MOST_FAILURES {
            return;
        }
        let params = PatchParams { force: known.is_some(), ..PatchParams::apply(FIELD_MANAGER) };
        let (namespace, name) = report.key.clone();
        let report = report.at(self.reports.api.clock().now());
        let request = Request::new(Reports::path(&namespace)).patch(&name, &params, &Patch::Apply(report));
        self.note(self.reports.ask("patch", request).await);
    }

    /// Deletes what is left: the reports on objects with which nothing is wrong any more. Tells whether reports that are not
    /// rayguard's have names of its own.
    pub(super) async fn end(mut self) -> Result<bool, ReportError> {
        for ((namespace, name), Known { uid, .. }) in std::mem::take(&mut self.known) {
            if self.failures >= MOST_FAILURES {
                break;
            }
            let preconditions = Some(Preconditions { uid: Some(uid), resource_version: None });
            let params = DeleteParams { preconditions, ..DeleteParams::default() };
            let request = Request::new(Reports::path(&namespace)).delete(&name, &params);
            match self.reports.ask("delete", request).await {
                // Somebody else has deleted it, and another one has its name.
                Err(ReportError::Conflict) => {}
                deleted => self.note(deleted),
            }
        }
        self.failure.map_or(Ok(self.others_are_in_the_way), Err)
    }

    fn note(&mut self, result: Result<(), ReportError>) {
        match result {
            Ok(()) => {}
            Err(ReportError::Conflict) => self.others_are_in_the_way = true,
            Err(error) => {
                // What is wrong with one report is nothing to do with the next.
                self.failures += usize::from(!error.is_of_one_report());
                self.failure.get_or_insert(error);
            }
        }
    }
}

impl ReportError {
    fn is_of_one_report(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if *code < 500 && *code != 429)
    }

    fn of(verb: &'static str, error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) if status.code == 403 => Self::Forbidden(verb),
            kube::Error::Api(status) if status.code == 409 => Self::Conflict,
            kube::Error::Api(status) => Self::Refused { verb, reason: status.reason.clone(), code: status.code },
            other => Self::Unreachable(Box::new(other)),
        }
    }
}
