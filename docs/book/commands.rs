//! The page of commands, from the help texts of the program.

use super::{Fault, run};

/// Returns the page, with the output of `rayguard help` for each command.
///
/// # Errors
///
/// Returns an error if rayguard cannot be run, or exits with an error.
pub(crate) fn page(rayguard: &str) -> Result<String, Fault> {
    let all = run(rayguard, &["--help"])?;
    let mut page =
        format!("# Commands\n\nThe output of `rayguard help` and of `rayguard help COMMAND`.\n\n```text\n{all}```\n");
    let commands = all.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // Continuation lines have a deeper indentation.
    let names = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    for command in names.filter(|name| !["", "help"].contains(name)) {
        let help = run(rayguard, &["help", command])?;
        page += &format!("\n## rayguard {command}\n\n```text\n{help}```\n");
    }
    Ok(page)
}
