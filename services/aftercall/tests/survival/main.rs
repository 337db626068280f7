//! What aftercall must survive: crashes, power cuts, faulty and full disks, damage, hostile input,
//! and, on Kafka, the loss of brokers and of its own processes.
//!
//! These tests are a binary of their own, apart from `tests/it`: they start the real server as a
//! process, kill it, mount file systems and cut their power. Some of them need root, strace or Kafka;
//! their names say so, and `cargo xtask test` lists them where the machine can't run them.
//!
//! Crash rounds are random. Each prints its seed, and `AFTERCALL_SURVIVAL_SEED` repeats it as far as
//! scheduling allows.

mod answers;
#[cfg(feature = "kafka")]
mod chaos;
mod checker;
#[cfg(feature = "kafka")]
mod cluster;
mod contested;
mod crash;
mod damage;
mod exporting;
mod faulty_disk;
mod full_disk;
mod hostile;
mod journal;
mod kill;
mod largest;
mod load;
mod mount;
#[cfg(feature = "kafka")]
mod outage;
mod power_cut;
mod process;
mod receiver;
mod requests;
mod resend;
#[cfg(feature = "kafka")]
mod roles;
mod slow;
mod watchers;
mod webhook;
