//! Runs a program for an alarm, without a shell: the words on its standard input, the fields in its environment.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long the program may run.
const RUN_TIME_MAX: Duration = Duration::from_secs(30);
/// How often it is asked whether it has ended.
const ASKED_EVERY: Duration = Duration::from_millis(50);
/// What of our own environment it gets: never what the server was given in secret.
const PASSED_ON: [&str; 3] = ["PATH", "HOME", "LANG"];

/// Runs the program and waits for its end; any exit status but 0 is a failure.
pub(super) async fn deliver(program: &Path, message: &Value) -> Result<(), String> {
    let (program, message) = (program.to_owned(), message.clone());
    tokio::task::spawn_blocking(move || run(&program, &message))
        .await
        .map_err(|error| format!("the run stopped unexpectedly: {error}"))?
}

fn run(program: &Path, message: &Value) -> Result<(), String> {
    let mut command = Command::new(program);
    command.env_clear();
    for name in PASSED_ON {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    for (field, value) in message.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        command.env(format!("OUTPACE_ALARM_{}", field.to_uppercase()), text);
    }
    let words = |field: &str| message[field].as_str().unwrap_or_default().to_owned();
    let text = format!("{}\n{}\n", words("zh"), words("en"));
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    if let Some(mut input) = child.stdin.take() {
        // A program that reads its environment only closes its input at once. The text fits into any pipe.
        let _ = input.write_all(text.as_bytes());
    }
    wait(&mut child)
}

fn wait(child: &mut Child) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("the program ended with {status}")),
            Ok(None) if begun.elapsed() < RUN_TIME_MAX => std::thread::sleep(ASKED_EVERY),
            Ok(None) => {
                // It may end by itself in this moment.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("the program did not end within {} s", RUN_TIME_MAX.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}
