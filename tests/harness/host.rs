//! What only a real machine has: small disks, read-only disks, foreign users. Where this machine refuses, the reason comes
//! back, and the test prints it and does without.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A small disk of its own, unmounted when dropped.
pub struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Mounts a disk of `kibibytes` at `at`.
    pub fn mount(at: &Path, kibibytes: u32) -> Result<SmallDisk, String> {
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={kibibytes}k,mode=0755");
        quietly(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at))?;
        Ok(SmallDisk { at: at.to_owned() })
    }

    /// Fills it to the last byte.
    pub fn fill(&self) {
        use std::io::Write as _;
        let mut ballast = std::fs::File::create(self.at.join("ballast")).unwrap();
        let mut chunk = 1 << 20;
        while chunk > 0 {
            match ballast.write(&vec![0; chunk]) {
                Ok(written) if written > 0 => {}
                _ => chunk /= 2,
            }
        }
    }

    /// Makes room again.
    pub fn make_room(&self) {
        std::fs::remove_file(self.at.join("ballast")).unwrap();
    }

    /// Nothing can be written any more.
    pub fn make_read_only(&self) {
        quietly(Command::new("mount").args(["-o", "remount,ro"]).arg(&self.at)).unwrap();
    }

    /// And now it can again.
    pub fn make_writable(&self) {
        quietly(Command::new("mount").args(["-o", "remount,rw"]).arg(&self.at)).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = quietly(Command::new("umount").arg("-l").arg(&self.at));
    }
}

/// A command that runs `program` as a user who owns nothing here.
pub fn as_nobody(program: &str) -> Result<Command, String> {
    if !rustix::process::geteuid().is_root() {
        return Err("only root can become somebody else".to_owned());
    }
    quietly(Command::new("setpriv").args(NOBODY).arg("true"))?;
    let mut command = Command::new("setpriv");
    super::program::clean(&mut command);
    command.args(NOBODY).arg(program);
    Ok(command)
}

const NOBODY: [&str; 3] = ["--reuid=65534", "--regid=65534", "--clear-groups"];

/// Says that a part of a test was left out.
#[expect(clippy::print_stdout, reason = "a test that proves less than usual says so")]
pub fn left_out(what: &str, why: &str) {
    println!("LEFT OUT: {what}: {why}");
}

fn quietly(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
