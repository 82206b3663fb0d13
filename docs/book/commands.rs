//! The commands, as the program itself describes them.

use super::{Fault, run};

/// The page: what `rayguard help` says of each command.
pub(crate) fn page(rayguard: &str) -> Result<String, Fault> {
    let all = run(rayguard, &["--help"])?;
    let mut page =
        format!("# Commands\n\nWhat `rayguard help` and `rayguard help COMMAND` say.\n\n```text\n{all}```\n");
    let commands = all.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A line that goes on begins further in.
    let names = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    for command in names.filter(|name| !["", "help"].contains(name)) {
        let help = run(rayguard, &["help", command])?;
        page += &format!("\n## rayguard {command}\n\n```text\n{help}```\n");
    }
    Ok(page)
}
