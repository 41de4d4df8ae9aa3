//! `outpace policy check|show FILE`: rules as data, read the way the server reads them.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use outpace_policy::{Date, Finding, Library};

use super::Failure;

/// What to do with a file of rules.
#[derive(Subcommand)]
pub enum Command {
    /// Name everything that is wrong, by file, line and key.
    Check {
        /// A layer, pack, playbook, profile or examples file (.toml).
        file: PathBuf,
    },
    /// Print it as a person reads it, each value with its clause and how sure we are.
    Show {
        /// A layer, pack, playbook or profile (.toml).
        file: PathBuf,
        /// The day whose layers a pack shall show, YYYY-MM-DD.
        #[arg(long)]
        date: Option<Date>,
    },
}

fn told(findings: &[Finding]) -> Failure {
    Failure::Found(findings.iter().map(|finding| format!("\n  {finding}")).collect())
}

fn read(file: &Path) -> Result<(String, String), Failure> {
    let text =
        std::fs::read_to_string(file).map_err(|error| Failure::Unable(format!("{}: {error}", file.display())))?;
    Ok((file.display().to_string(), text))
}

/// Carries it out. The file may refer to those embedded in this program.
pub fn run(command: Command) -> Result<(), Failure> {
    let library = Library::embedded();
    match command {
        Command::Check { file } => {
            let (name, text) = read(&file)?;
            let findings = library.check_file(&name, &text);
            if findings.is_empty() {
                println!("{name}: nothing to report / 没有问题");
                return Ok(());
            }
            Err(told(&findings))
        }
        Command::Show { file, date } => {
            let (name, text) = read(&file)?;
            println!("{}", library.show_file(&name, &text, date).map_err(|findings| told(&findings))?);
            Ok(())
        }
    }
}
