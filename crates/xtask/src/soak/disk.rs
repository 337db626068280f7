//! The disk of the server: where that may be, a file system of its own that can be filled to the last byte.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use rustix::fs::{FallocateFlags, fallocate, statvfs};
use tempfile::TempDir;

use crate::command;

/// How large it is at most; it takes of the machine's disk what is written on it.
const BYTES_MAX: u64 = 64 << 30;

/// A file for each so many bytes: fewer than mkfs would have it, which would write a table of them.
const BYTES_PER_FILE: u64 = 256 << 10;

/// A directory, or a file system, that goes with this.
pub(super) struct Disk {
    scratch: TempDir,
    mounted: bool,
}

impl Disk {
    /// A file system in a file, for root; otherwise a directory, whose disk is not ours to fill.
    pub(super) fn new() -> anyhow::Result<Self> {
        let scratch = tempfile::tempdir()?;
        fs::create_dir(scratch.path().join("disk"))?;
        let mut disk = Self {
            scratch,
            mounted: false,
        };
        if rustix::process::geteuid().is_root() && Path::new("/dev/loop-control").exists() {
            disk.mount()?;
        }
        Ok(disk)
    }

    fn mount(&mut self) -> anyhow::Result<()> {
        let image = self.scratch.path().join("image");
        let bytes = BYTES_MAX.min(free_bytes(self.scratch.path())? / 2);
        File::create(&image)?.set_len(bytes)?;
        let mut make = Command::new("mkfs.ext4");
        // All of it is the server's: nothing is kept back for root.
        make.args(["-q", "-F", "-m", "0", "-i", &BYTES_PER_FILE.to_string()]);
        command::run(make.arg(&image))?;
        let mut mount = Command::new("mount");
        command::run(mount.args(["-o", "loop"]).arg(&image).arg(self.path()))?;
        self.mounted = true;
        Ok(())
    }

    fn path(&self) -> PathBuf {
        self.scratch.path().join("disk")
    }

    /// The server's data directory.
    pub(super) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// A file beside the disk, which has room when the disk has none.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// Whether it can be filled.
    pub(super) fn is_ours(&self) -> bool {
        self.mounted
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Takes all that is free, to the last block, without writing it.
    pub(super) fn fill(&self) -> anyhow::Result<()> {
        let ballast = File::options()
            .create(true)
            .append(true)
            .open(self.ballast());
        let ballast = ballast.context("a file that takes the room")?;
        let mut piece = free_bytes(&self.path())?.max(1);
        while piece >= 4_096 {
            let end = ballast.metadata()?.len();
            match fallocate(&ballast, FallocateFlags::empty(), end, piece) {
                Ok(()) => {}
                Err(rustix::io::Errno::NOSPC) => piece /= 2,
                Err(error) => return Err(error).context("taking the room"),
            }
        }
        Ok(())
    }

    /// Gives it back.
    pub(super) fn give_back(&self) -> anyhow::Result<()> {
        fs::remove_file(self.ballast()).context("giving the room back")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.mounted {
            // Lazily, if somebody still holds a file: it must not stay.
            let unmounted = command::succeeds("umount", [self.path()]);
            if !unmounted {
                command::succeeds("umount", ["--lazy".into(), self.path().into_os_string()]);
            }
        }
    }
}

fn free_bytes(path: &Path) -> anyhow::Result<u64> {
    let said = statvfs(path).context("how much room there is")?;
    Ok(said.f_bavail * said.f_frsize)
}
