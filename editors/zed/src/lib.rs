//! The extension for Zed: it starts the language server `rayguard lsp`.

use zed_extension_api::serde_json::Value;
use zed_extension_api::settings::LspSettings;
use zed_extension_api::{self as zed, Command, LanguageServerId, Result, Worktree};

const NOT_FOUND: &str = "There is no program \"rayguard\" in the PATH. Install it (\"cargo install --locked --path . \
    --no-default-features\" in the sources of rayguard), or set \"lsp.rayguard.binary.path\" to the program.";

struct Rayguard;

impl zed::Extension for Rayguard {
    fn new() -> Self {
        Self
    }

    fn language_server_command(&mut self, server: &LanguageServerId, worktree: &Worktree) -> Result<Command> {
        let binary = LspSettings::for_worktree(server.as_ref(), worktree)?.binary;
        let (path, arguments) = binary.map_or((None, None), |binary| (binary.path, binary.arguments));
        Ok(Command {
            command: path.or_else(|| worktree.which("rayguard")).ok_or(NOT_FOUND)?,
            args: arguments.unwrap_or_else(|| vec!["lsp".to_owned()]),
            env: worktree.shell_env(),
        })
    }

    fn language_server_initialization_options(
        &mut self,
        server: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Option<Value>> {
        Ok(LspSettings::for_worktree(server.as_ref(), worktree)?.initialization_options)
    }
}

zed::register_extension!(Rayguard);
