//! A small file outside the store that remembers how far the store had come. A store that is behind it was rolled back or
//! lost records; a store that is ahead was killed before the witness was told.
//!
//! Two slots, written in turn, so that a torn write costs at most one of them.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

use planted::Point;
use sha2::{Digest as _, Sha256};

const SLOT: usize = 64;

/// What the witness saw last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Testimony {
    pub lineage: String,
    pub serial: u64,
}

#[derive(Debug)]
pub(crate) struct Witness(File);

impl Witness {
    /// Opens the file, making it if need be.
    pub(crate) fn open(path: &Path) -> io::Result<Witness> {
        File::options().read(true).write(true).create(true).truncate(false).open(path).map(Witness)
    }

    /// The newest testimony that is whole.
    pub(crate) fn testimony(&self) -> io::Result<Option<Testimony>> {
        let mut best: Option<Testimony> = None;
        for slot in 0..2 {
            let mut bytes = [0; SLOT];
            match self.0.read_exact_at(&mut bytes, (slot * SLOT) as u64) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => continue,
                Err(error) => return Err(error),
            }
            if let Some(found) = parse(&bytes)
                && best.as_ref().is_none_or(|best| best.serial < found.serial)
            {
                best = Some(found);
            }
        }
        Ok(best)
    }

    /// Durably remembers `serial` of `lineage`.
    pub(crate) fn remember(&self, lineage: &str, serial: u64) -> io::Result<()> {
        let at = (serial % 2) as usize * SLOT;
        self.0.write_all_at(&line(lineage, serial), at as u64)?;
        planted::point(Point::WitnessWritten);
        self.0.sync_data()
    }

    /// Forgets what an earlier store reached: another one begins.
    pub(crate) fn forget(&self) -> io::Result<()> {
        self.0.set_len(0)?;
        self.0.sync_data()
    }
}

fn line(lineage: &str, serial: u64) -> [u8; SLOT] {
    let said = format!("{lineage:.32} {serial:016x}");
    let mut bytes = [b' '; SLOT];
    let text = format!("{said} {}", check(&said));
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    bytes[SLOT - 1] = b'\n';
    bytes
}

fn parse(bytes: &[u8; SLOT]) -> Option<Testimony> {
    let text = std::str::from_utf8(bytes).ok()?.trim_end();
    let (said, sum) = text.rsplit_once(' ')?;
    let (lineage, serial) = said.split_once(' ')?;
    let serial = u64::from_str_radix(serial, 16).ok()?;
    (check(said) == sum).then(|| Testimony { lineage: lineage.to_owned(), serial })
}

/// A slot with these bytes, and one that says them under a sum that is right. Says whether one of them is understood.
pub(crate) fn fuzz(bytes: &[u8]) -> bool {
    let mut slot = [b' '; SLOT];
    let length = bytes.len().min(SLOT);
    slot[..length].copy_from_slice(&bytes[..length]);
    let is_understood = parse(&slot).is_some();
    let said = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]);
    let mut summed = format!("{said} {}", check(&said)).into_bytes();
    summed.resize(SLOT, b' ');
    let Ok(summed) = <[u8; SLOT]>::try_from(summed) else { return is_understood };
    is_understood | parse(&summed).is_some()
}

fn check(said: &str) -> String {
    hex::encode(&Sha256::digest(said.as_bytes())[..6])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_slot_leaves_the_testimony_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("witness");
        let witness = Witness::open(&path).unwrap();
        let lineage = "0123456789abcdef0123456789abcdef";
        assert_eq!(witness.testimony().unwrap(), None);
        for serial in 1..=7 {
            witness.remember(lineage, serial).unwrap();
            assert_eq!(witness.testimony().unwrap().unwrap().serial, serial);
        }
        for torn in 0..SLOT {
            let mut bytes = std::fs::read(&path).unwrap();
            bytes[SLOT + torn] ^= 1;
            std::fs::write(dir.path().join("torn"), bytes).unwrap();
            let witness = Witness::open(&dir.path().join("torn")).unwrap();
            let serial = witness.testimony().unwrap().unwrap().serial;
            assert!(serial == 6 || torn == SLOT - 1, "flipping byte {torn} gave {serial}");
        }
    }
}
