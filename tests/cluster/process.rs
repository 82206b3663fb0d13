//! rayguard's processes in their Pods, as the node's kernel shows them.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::release::Replica;

/// The kernel's clock ticks per second, in which it counts the start of a process.
const TICKS: u32 = 100;

/// A rayguard process.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Process(PathBuf);

impl Process {
    /// Returns the processes of these replicas.
    pub(crate) fn of(replicas: &[Replica]) -> Vec<Self> {
        let names: Vec<_> = replicas.iter().map(|replica| replica.name.as_str()).collect();
        let processes: Vec<_> = Self::all().into_iter().filter(|it| names.contains(&it.pod().as_str())).collect();
        assert_eq!(processes.len(), replicas.len(), "{processes:?} are not one for each of {names:?}");
        processes
    }

    /// Returns all rayguard processes on the node.
    pub(crate) fn all() -> Vec<Self> {
        let folders = fs::read_dir("/proc").expect("/proc").map(|entry| entry.expect("an entry").path());
        let is_ours = |folder: &PathBuf| fs::read_link(folder.join("exe")).is_ok_and(|exe| exe.ends_with("rayguard"));
        folders.filter(is_ours).map(Self).collect()
    }

    /// Returns the size of its binary, in bytes.
    pub(crate) fn binary_size(&self) -> u64 {
        fs::metadata(self.0.join("exe")).expect("its binary").len()
    }

    /// Returns a memory field of `/proc/PID/status`, in bytes.
    pub(crate) fn memory(&self, field: &str) -> u64 {
        let status = fs::read_to_string(self.0.join("status")).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")).expect("an amount");
        kibibytes.parse::<u64>().expect("a number") * 1024
    }

    /// Returns the Pod's address and name, which kubelet writes into its `/etc/hosts`.
    fn host(&self) -> Option<(IpAddr, String)> {
        let hosts = fs::read_to_string(self.0.join("root/etc/hosts")).ok()?;
        let (address, name) = hosts.lines().last()?.split_once('\t')?;
        Some((address.parse().ok()?, name.to_owned()))
    }

    /// Returns the address of its Pod, unless it is starting or ending.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.host().map(|(address, _)| address)
    }

    /// Returns the name of its Pod.
    pub(crate) fn pod(&self) -> String {
        self.host().map(|(_, name)| name).unwrap_or_default()
    }

    /// Returns how long it has run, to a hundredth of a second.
    pub(crate) fn age(&self) -> Duration {
        let fields = fs::read_to_string(self.0.join("stat")).expect("its state");
        // The second field is a name in brackets, which may contain spaces; the start time is the 22nd field.
        let (_, fields) = fields.rsplit_once(')').expect("a name in brackets");
        let start = fields.split_whitespace().nth(19).expect("its start").parse::<u32>().expect("a number");
        let uptime = fs::read_to_string("/proc/uptime").expect("the machine's uptime");
        let uptime = uptime.split(' ').next().expect("seconds").parse().expect("a number");
        Duration::from_secs_f64(uptime).saturating_sub(Duration::from_secs(1) * start / TICKS)
    }

    /// Returns whether the process has ended.
    pub(crate) fn has_ended(&self) -> bool {
        !self.0.exists()
    }
}
