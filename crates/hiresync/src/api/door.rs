//! The socket's file: made without a moment in which anybody else could use it, and taken away again.

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use tokio::net::{UnixListener, UnixStream};

/// Owner and group may connect.
const MODE: u32 = 0o660;

/// The open socket.
#[derive(Debug)]
pub struct Door {
    path: PathBuf,
    inode: u64,
}

/// Why the socket cannot be opened.
#[derive(Debug)]
pub enum DoorError {
    /// Somebody answers there.
    Taken(PathBuf),
    /// Something that is no socket stands there.
    NotASocket(PathBuf),
    /// The system refused.
    Refused(PathBuf, io::Error),
}

impl std::fmt::Display for DoorError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DoorError::Taken(path) => write!(
                f,
                "another daemon answers on {}; stop it, or give this one a [socket] path of its own",
                path.display()
            ),
            DoorError::NotASocket(path) => {
                write!(
                    f,
                    "{} is there and is no socket; remove it, or choose another [socket] path",
                    path.display()
                )
            }
            DoorError::Refused(path, error) => write!(
                f,
                "cannot open the socket {}: {}; choose a [socket] path in a folder that the user running hiresync may write",
                path.display(),
                error.kind()
            ),
        }
    }
}

impl Door {
    /// Listens at `path`. A socket that nobody answers on is left over from a dead process and replaced.
    ///
    /// The socket is bound in a folder only we can enter, given its mode there, and moved into place in one step: nobody can
    /// connect before the mode is set, and a link planted at `path` is replaced, not followed.
    pub async fn open(path: &Path) -> Result<(Door, UnixListener), DoorError> {
        let refused = |error| DoorError::Refused(path.to_owned(), error);
        match fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => {
                if UnixStream::connect(path).await.is_ok() {
                    return Err(DoorError::Taken(path.to_owned()));
                }
            }
            Ok(_) => return Err(DoorError::NotASocket(path.to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(refused(error)),
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(refused)?;
        let private = tempfile::Builder::new()
            .prefix(".hs")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(parent)
            .map_err(refused)?;
        let made = private.path().join("s");
        let listener = UnixListener::bind(&made).map_err(refused)?;
        fs::set_permissions(&made, fs::Permissions::from_mode(MODE)).map_err(refused)?;
        let inode = fs::symlink_metadata(&made).map_err(refused)?.ino();
        fs::rename(&made, path).map_err(refused)?;
        Ok((Door { path: path.to_owned(), inode }, listener))
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // Only our own: another daemon may have taken the place meanwhile.
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn a_socket_is_made_with_its_mode_and_its_folder_and_goes_when_the_daemon_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run/hiresync.sock");
        let (door, _listener) = Door::open(&path).await.unwrap();
        assert_eq!(mode(&path), 0o660);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "the private folder is gone");
        UnixStream::connect(&path).await.unwrap();
        drop(door);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_a_live_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let (_door, _listener) = Door::open(&path).await.unwrap();
        assert!(matches!(Door::open(&path).await, Err(DoorError::Taken(_))));
    }

    #[tokio::test]
    async fn neither_a_file_nor_a_link_is_taken_for_a_socket() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "precious").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for path in [&file, &link] {
            assert!(matches!(Door::open(path).await, Err(DoorError::NotASocket(_))));
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    }
}
