//! Writes PolicyReports to the API server, if their CRD is installed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use kube::core::Request;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::policy_report::{API_VERSION, MANAGED_BY, PolicyReport, ReportKey, StoredReport};
use super::{PAGE_SIZE, REQUEST_TIMEOUT};
use crate::kube_api::list::ListPager;
use crate::kube_api::{ApiClient, FIELD_MANAGER, RequestResult};

/// After this many failures of the API server, the rest of the reports is left to the next audit.
const MAX_FAILURES: usize = 10;

/// Writes and deletes the reports.
pub(super) struct ReportWriter {
    client: ApiClient,
    /// Whether the log reports that the CRD is not installed
    is_absent: AtomicBool,
}

/// The synchronization of the reports during one audit.
pub(super) struct ReportSync<'w> {
    writer: &'w ReportWriter,
    /// The reports that existed at the start and have not been written since
    stored: HashMap<ReportKey, StoredReport>,
    failures: usize,
    failure: Option<ReportError>,
    /// Whether reports of other programs have names that rayguard uses
    has_conflicts: bool,
}

/// Why a report cannot be written or deleted. The API server's message is left out, because it names the object.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReportError {
    #[error(
        "may not {0} policyreports.wgpolicyk8s.io; rayguard needs the right to list, create, patch and delete them"
    )]
    Forbidden(&'static str),
    #[error("a PolicyReport of another program has a name that rayguard uses, and other content")]
    Conflict,
    #[error("the API server refused to {verb} a PolicyReport: {reason} ({code})")]
    Refused { verb: &'static str, reason: String, code: u16 },
    #[error("cannot communicate with the API server")]
    Unreachable(#[source] Box<kube::Error>),
    #[error("no response from the API server within {} s", .0.as_secs())]
    Timeout(Duration),
    #[error("rayguard failed on a PolicyReport")]
    Panic,
}

impl ReportWriter {
    pub(super) fn new(client: ApiClient) -> Self {
        Self { client, is_absent: AtomicBool::default() }
    }

    /// Lists the existing reports. Returns `None` if the CRD is not installed.
    pub(super) async fn start(&self) -> Result<Option<ReportSync<'_>>, ReportError> {
        let (path, (label, value)) = (format!("/apis/{API_VERSION}/policyreports"), MANAGED_BY);
        let mut pages = ListPager::new(self.client.inner().clone(), path, Some(format!("{label}={value}")), PAGE_SIZE);
        let mut stored = HashMap::new();
        loop {
            match timeout(REQUEST_TIMEOUT, pages.next_page())
                .await
                .map_err(|_| ReportError::Timeout(REQUEST_TIMEOUT))?
            {
                Some(Ok(page)) => {
                    let read =
                        spawn_blocking(move || page.iter().filter_map(|it| StoredReport::parse(it.get())).collect());
                    let read: Vec<_> = read.await.map_err(|_| ReportError::Panic)?;
                    stored.extend(read);
                }
                Some(Err(kube::Error::Api(status))) if status.code == 404 => {
                    if !self.is_absent.swap(true, Ordering::Relaxed) {
                        tracing::info!("writing no PolicyReports: their CRD is not installed ({API_VERSION})");
                    }
                    return Ok(None);
                }
                Some(Err(error)) => return Err(ReportError::of("list", error)),
                None => break,
            }
        }
        if self.is_absent.swap(false, Ordering::Relaxed) {
            tracing::info!("writing PolicyReports: their CRD is installed now");
        }
        Ok(Some(ReportSync { writer: self, stored, failures: 0, failure: None, has_conflicts: false }))
    }

    async fn request(&self, verb: &'static str, request: RequestResult) -> Result<(), ReportError> {
        let request = request.map_err(|error| ReportError::of(verb, kube::Error::BuildRequest(error)))?;
        let response = timeout(REQUEST_TIMEOUT, self.client.inner().request_text(request)).await;
        match response.map_err(|_| ReportError::Timeout(REQUEST_TIMEOUT))? {
            Ok(_) => Ok(()),
            // The object or its namespace is deleted, and the report with it.
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

impl ReportSync<'_> {
    /// Writes a report if it differs from the stored one. A report that rayguard does not own is not overwritten.
    pub(super) async fn write(&mut self, report: PolicyReport) {
        let stored = self.stored.remove(&report.key);
        if stored.as_ref().is_some_and(|stored| stored.digest == report.digest) || self.failures >= MAX_FAILURES {
            return;
        }
        let params = PatchParams { force: stored.is_some(), ..PatchParams::apply(FIELD_MANAGER) };
        let (namespace, name) = report.key.clone();
        let report = report.with_time(self.writer.client.clock().now());
        let request = Request::new(ReportWriter::path(&namespace)).patch(&name, &params, &Patch::Apply(report));
        let written = self.writer.request("patch", request).await;
        self.record(written);
    }

    /// Deletes the reports that were not written, because their objects have no findings any more. Returns whether
    /// reports of other programs have names that rayguard uses.
    pub(super) async fn finish(mut self) -> Result<bool, ReportError> {
        for ((namespace, name), StoredReport { uid, .. }) in std::mem::take(&mut self.stored) {
            if self.failures >= MAX_FAILURES {
                break;
            }
            let preconditions = Some(Preconditions { uid: Some(uid), resource_version: None });
            let params = DeleteParams { preconditions, ..DeleteParams::default() };
            let request = Request::new(ReportWriter::path(&namespace)).delete(&name, &params);
            match self.writer.request("delete", request).await {
                // Another client has deleted it, and a new report has its name.
                Err(ReportError::Conflict) => {}
                deleted => self.record(deleted),
            }
        }
        self.failure.map_or(Ok(self.has_conflicts), Err)
    }

    fn record(&mut self, result: Result<(), ReportError>) {
        match result {
            Ok(()) => {}
            Err(ReportError::Conflict) => self.has_conflicts = true,
            Err(error) => {
                // An error of one report does not affect the others.
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
