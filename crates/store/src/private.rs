//! Files and folders that only their owner can read, whatever the umask of the process is. The journal beside the keys, a
//! snapshot or a mark that others on the machine could read would give away what the vault seals.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use crate::engine::{Result, StoreError};

#[cfg(unix)]
const FOLDER: u32 = 0o700;
#[cfg(unix)]
const FILE: u32 = 0o600;

fn told(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Folder(format!("{}: {error}", path.display()))
}

/// Makes a folder (0700), or takes everybody else's rights away where it stands already.
///
/// # Errors
/// When it cannot be made. One that is not ours to change is told in the log and used as it is.
pub fn folder(path: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, FOLDER);
    builder.create(path).map_err(|error| told(path, &error))?;
    #[cfg(unix)]
    close(path, FOLDER)?;
    Ok(())
}

/// Makes a file (0600), empty, also where one stands already.
///
/// # Errors
/// When it cannot be made.
pub fn create(path: &Path) -> std::io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, FILE);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(FILE))?;
    Ok(file)
}

/// Takes everybody else's rights to the files of a data folder away: those of the engine, which makes its own, and those
/// of an older version.
///
/// # Errors
/// When the folder cannot be read. A file that is not ours to change is told in the log and left as it is: somebody's note
/// in the folder must not keep the server from starting.
pub(crate) fn tighten(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    for entry in std::fs::read_dir(folder).map_err(|error| told(folder, &error))? {
        let path = entry.map_err(|error| told(folder, &error))?.path();
        if path.is_file() {
            close(&path, FILE)?;
        }
    }
    Ok(())
}

/// Leaves only the owner's rights of `most`; a file that another process removed meanwhile needs none.
#[cfg(unix)]
fn close(path: &Path, most: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let change = || {
        let now = std::fs::metadata(path)?.permissions().mode() & 0o777;
        if now & !most == 0 {
            return Ok(());
        }
        std::fs::set_permissions(path, PermissionsExt::from_mode(now & most))
    };
    match change() {
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
            tracing::warn!(path = %path.display(), %error, "others on this machine may read this, and it cannot be changed");
            Ok(())
        }
        Err(error) if error.kind() != ErrorKind::NotFound => Err(told(path, &error)),
        _ => Ok(()),
    }
}
