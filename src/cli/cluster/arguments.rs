//! The arguments that select a live cluster.

use std::path::PathBuf;

use clap::Args;

use crate::cli::CliError;

/// The cluster to read.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct LiveArgs {
    /// Read the objects of a live cluster instead of files
    ///
    /// Reads the RayClusters, RayServices, RayJobs and RayCronJobs of one namespace or of all, each as it is stored,
    /// without the defaults that rayguard would add to a new one. If a RayService or RayJob owns a RayCluster, what is
    /// true of both is reported only for the owner. RayClusters are compared with all others that are read. Requires
    /// only the right to list these resources.
    #[arg(long, conflicts_with_all = ["paths", "exclude", "no_ignore", "stdin_filename"])]
    cluster: bool,

    /// The context of the kubeconfig; its current context if not given
    #[arg(long, value_name = "NAME", requires = "cluster")]
    pub(super) context: Option<String>,

    /// The kubeconfig; found as kubectl finds it if not given
    #[arg(long, value_name = "FILE", requires = "cluster")]
    pub(super) kubeconfig: Option<PathBuf>,

    /// Read all namespaces, instead of that of --namespace or of the context
    #[arg(long, short = 'A', requires = "cluster", conflicts_with = "namespace")]
    pub(super) all_namespaces: bool,

    /// Also read the Secrets of passwords, for the names of their keys; requires the right to get them
    #[arg(long, requires = "cluster")]
    pub(super) secrets: bool,
}

impl LiveArgs {
    /// Reports whether a cluster is to be read.
    ///
    /// # Errors
    ///
    /// Another argument requires `--cluster`, but a path is given. clap does not report this, because it does not
    /// require an argument that conflicts with a given one.
    pub(in crate::cli) fn is_requested(&self) -> Result<bool, CliError> {
        let given = [
            ("--context", self.context.is_some()),
            ("--kubeconfig", self.kubeconfig.is_some()),
            ("--all-namespaces", self.all_namespaces),
            ("--secrets", self.secrets),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given && !self.cluster) {
            Some((name, _)) => {
                let message = format!("{name} requires --cluster, which cannot be used with a path");
                Err(CliError::Usage(message))
            }
            None => Ok(self.cluster),
        }
    }
}
