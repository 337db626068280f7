//! File systems of a test's own, gone when it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// ext4's `EXT4_IOC_SHUTDOWN` (`_IOR('X', 125, __u32)`) with `EXT4_GOING_FLAGS_NOLOGFLUSH`: from
/// now on nothing more reaches the disk, not even the journal. Perl, as its ioctl needs no unsafe
/// code of ours; every Debian has it.
const POWER_CUT: &str = r#"
    open(my $directory, "<", $ARGV[0]) or die "open: $!";
    my $flags = pack("L", 2);
    defined(ioctl($directory, 0x8004587D, $flags)) or die "ioctl: $!";
"#;

/// A mounted file system.
#[derive(Debug)]
pub(crate) struct Mount {
    directory: PathBuf,
    arguments: Vec<String>,
    mounted: bool,
}

impl Mount {
    /// An ext4 of `bytes` in a file in `scratch`.
    pub(crate) fn ext4(scratch: &Path, bytes: u64) -> Self {
        let image = scratch.join("disk.ext4");
        let file = fs::File::create(&image).expect("a file");
        file.set_len(bytes).expect("a sparse file");
        run(Command::new("mkfs.ext4").arg("-q").arg("-F").arg(&image));
        Self::at(scratch, &["-o", "loop"], &image.display().to_string())
    }

    /// A tmpfs of `bytes`.
    pub(crate) fn tmpfs(scratch: &Path, bytes: u64) -> Self {
        let size = format!("size={bytes}");
        Self::at(scratch, &["-t", "tmpfs", "-o", &size], "tmpfs")
    }

    fn at(scratch: &Path, options: &[&str], device: &str) -> Self {
        let directory = scratch.join("mounted");
        fs::create_dir(&directory).expect("a directory");
        let arguments = options.iter().chain([&device]);
        let mut mount = Self {
            directory,
            arguments: arguments.map(ToString::to_string).collect(),
            mounted: false,
        };
        mount.mount();
        mount
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.directory
    }

    fn mount(&mut self) {
        run(Command::new("mount")
            .args(&self.arguments)
            .arg(&self.directory));
        self.mounted = true;
    }

    /// Cuts the power: what the disk doesn't have yet, it never gets.
    pub(crate) fn cut_power(&self) {
        run(Command::new("perl")
            .args(["-e", POWER_CUT])
            .arg(&self.directory));
    }

    /// Mounts it again, as after a cut.
    pub(crate) fn remount(&mut self) {
        run(Command::new("umount").arg(&self.directory));
        self.mounted = false;
        self.mount();
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if self.mounted {
            let quiet = |command: &mut Command| {
                let status = command.stderr(Stdio::null()).status();
                status.is_ok_and(|status| status.success())
            };
            // Lazily, if somebody still holds a file: it must not stay.
            let _ = quiet(Command::new("umount").arg(&self.directory))
                || quiet(Command::new("umount").arg("--lazy").arg(&self.directory));
        }
    }
}

fn run(command: &mut Command) {
    let output = command.output().expect("the program is there");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}
