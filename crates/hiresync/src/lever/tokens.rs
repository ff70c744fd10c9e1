//! The file that signature tokens are kept in: one a line, readable for its owner alone, on disk before anybody relies on it.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use people::Secret;

/// An open file of tokens.
#[derive(Debug)]
pub(super) struct Tokens {
    file: File,
    path: PathBuf,
}

impl Tokens {
    /// Opens it, or makes it with mode 0600. One that others than its group may read, or others than its owner may write, is
    /// refused, in words.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let words = |error: io::Error| error.kind().to_string();
        let file =
            OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path).map_err(words)?;
        let metadata = file.metadata().map_err(words)?;
        if !metadata.is_file() {
            return Err("it is no file".to_owned());
        }
        if metadata.mode() & 0o027 != 0 {
            return Err("others may read or change it; chmod 600 it first".to_owned());
        }
        let path = path.canonicalize().map_err(words)?;
        // A name that is lost with the machine's power is a file that is lost.
        if let Some(folder) = path.parent() {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(words)?;
        }
        Ok(Tokens { file, path })
    }

    /// Where it is, from the root.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds one; on disk when this returns. After a failure the file is as it was.
    pub(super) fn add(&mut self, token: &Secret) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        let added = self.append(token, length);
        if added.is_err() {
            self.file.set_len(length)?;
        }
        added
    }

    fn append(&mut self, token: &Secret, length: u64) -> io::Result<()> {
        let mut last = [b'\n'];
        if length > 0 {
            self.file.seek(SeekFrom::Start(length - 1))?;
            self.file.read_exact(&mut last)?;
        }
        if last != *b"\n" {
            self.file.write_all(b"\n")?;
        }
        self.file.write_all(token.reveal().as_bytes())?;
        self.file.write_all(b"\n")?;
        self.file.sync_all()
    }
}

#[cfg(test)]
#[cfg(feature = "demo")]
impl Tokens {
    /// One on a disk that takes nothing.
    pub(super) fn unwritable(path: &Path) -> Self {
        let tokens = Tokens::open(path).unwrap();
        Tokens { file: File::open(path).unwrap(), ..tokens }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn token(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn each_token_is_a_line_of_a_file_that_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        let mut tokens = Tokens::open(&path).unwrap();
        tokens.add(&token("one")).unwrap();
        tokens.add(&token("two")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "by hand").unwrap();
        Tokens::open(&path).unwrap().add(&token("three")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "by hand\nthree\n");
    }

    #[test]
    fn what_others_may_read_and_what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        fs::write(&path, "x").unwrap();
        for mode in [0o644, 0o660, 0o602] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(Tokens::open(&path).unwrap_err().contains("chmod 600"));
        }
        assert!(Tokens::open(folder.path()).is_err());
        assert!(Tokens::open(&folder.path().join("no/such/folder")).is_err());
        assert!(Tokens::open(Path::new("/dev/null")).is_err());
    }
}
