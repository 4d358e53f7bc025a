use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::error::{Doing, SandboxError};

/// A log larger than this is set aside at the next start.
const LOG_LIMIT: u64 = 16 << 20;

/// Who a server runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// As whoever runs this process.
    Ourselves,
    /// As somebody else, which root alone can arrange.
    Other { name: String, uid: u32, gid: u32 },
}

impl User {
    /// Who PostgreSQL runs as: ourselves, unless we are root. Then the owner of the data that is
    /// there, else `postgres`, else `nobody`.
    pub(crate) fn for_postgres(data: &Path) -> Result<Self, SandboxError> {
        if !we_are_root()? {
            return Ok(Self::Ourselves);
        }
        let passwd = fs::read_to_string("/etc/passwd").doing("read /etc/passwd")?;
        if let Ok(owned) = fs::symlink_metadata(data)
            && owned.uid() != 0
        {
            let name = name_of(&passwd, owned.uid()).unwrap_or_else(|| owned.uid().to_string());
            return Ok(Self::Other {
                name,
                uid: owned.uid(),
                gid: owned.gid(),
            });
        }
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| find_user(&passwd, name))
            .ok_or(SandboxError::NoUserToRunAs)
    }

    /// Gives a file or directory to this user.
    pub(crate) fn take(&self, path: &Path) -> Result<(), SandboxError> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Other { uid, gid, .. } => {
                chown(path, Some(*uid), Some(*gid)).doing_at("change the owner of", path)
            }
        }
    }

    /// Whether this user may pass through every directory down to `path`, and through `path`.
    /// Access lists are not looked at.
    pub(crate) fn reaches(&self, path: &Path) -> bool {
        let Self::Other { uid, gid, .. } = self else {
            return true;
        };
        path.ancestors().all(|step| {
            fs::metadata(step).is_ok_and(|is| {
                let may_pass = match () {
                    () if is.uid() == *uid => 0o100,
                    () if is.gid() == *gid => 0o010,
                    () => 0o001,
                };
                is.mode() & may_pass != 0
            })
        })
    }
}

fn find_user(passwd: &str, wanted: &str) -> Option<User> {
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, uid, gid, ..] = fields[..] else {
            return None;
        };
        let (uid, gid) = (uid.parse().ok()?, gid.parse().ok()?);
        (name == wanted && uid != 0).then(|| User::Other {
            name: name.to_owned(),
            uid,
            gid,
        })
    })
}

fn name_of(passwd: &str, wanted: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let uid: u32 = fields.nth(1)?.parse().ok()?;
        (uid == wanted).then(|| name.to_owned())
    })
}

fn we_are_root() -> Result<bool, SandboxError> {
    static ROOT: OnceLock<bool> = OnceLock::new();
    if let Some(known) = ROOT.get() {
        return Ok(*known);
    }
    let output = Command::new("id").arg("-u").output().doing("run `id -u`")?;
    Ok(*ROOT.get_or_init(|| output.stdout.trim_ascii() == b"0"))
}

/// Makes a directory, and what is missing above it. Root's stays open for passing through, since
/// the user that PostgreSQL runs as has to.
pub(crate) fn make_directory(path: &Path) -> Result<(), SandboxError> {
    let mode = if we_are_root()? { 0o711 } else { 0o700 };
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .doing_at("create", path)
}

/// The file that says where a server's files went.
const MOVED_TO: &str = "moved-to";

/// Where files go that cannot be where they were asked to, and how a directory there is called.
const ELSEWHERE: &str = "/var/tmp";
const PREFIX: &str = "knipperlicht-";

/// Removes what a server that has ended kept in the directory it was asked to, also where it had to go
/// elsewhere.
pub fn remove_data(asked: &Path) -> Result<(), SandboxError> {
    if let Ok(written) = fs::read_to_string(asked.join(MOVED_TO)) {
        let directory = written.trim();
        let ours = format!("{ELSEWHERE}/{PREFIX}");
        if directory
            .strip_prefix(&ours)
            .is_some_and(|rest| !rest.contains('/'))
        {
            remove_all(Path::new(directory))?;
        }
    }
    remove_all(asked)
}

fn remove_all(path: &Path) -> Result<(), SandboxError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).doing_at("remove", path)
        }
        _ => Ok(()),
    }
}

/// Where the files of a server go, and where they were asked to go when that is elsewhere.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) directory: PathBuf,
    pub(crate) moved_from: Option<PathBuf>,
}

impl Place {
    /// The directory that was asked for when `user` can reach it, else one below /var/tmp.
    ///
    /// The asked-for directory then holds a file `moved-to` with the name of the other one, so
    /// that the next start finds it, and deleting the directory means starting afresh.
    pub(crate) fn choose(asked: &Path, user: &User) -> Result<Self, SandboxError> {
        if user.reaches(asked) {
            return Ok(Self {
                directory: asked.to_owned(),
                moved_from: None,
            });
        }
        let moved = |directory| Self {
            directory,
            moved_from: Some(asked.to_owned()),
        };

        let note = asked.join(MOVED_TO);
        if let Ok(written) = fs::read_to_string(&note) {
            let directory = PathBuf::from(written.trim());
            if user.reaches(&directory) && directory.is_dir() {
                return Ok(moved(directory));
            }
        }
        let directory = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(Permissions::from_mode(0o711))
            .tempdir_in(ELSEWHERE)
            .doing("create a directory in /var/tmp")?
            .keep();
        // The umask may have taken away the right to pass through.
        fs::set_permissions(&directory, Permissions::from_mode(0o711))
            .doing_at("open up", &directory)?;
        fs::write(&note, format!("{}\n", directory.display())).doing_at("write", &note)?;
        Ok(moved(directory))
    }
}

/// Reads a secret, or makes one of 24 random bytes in a file that is ours alone.
pub(crate) fn keep_secret(path: &Path) -> Result<String, SandboxError> {
    match fs::read_to_string(path) {
        Ok(secret) if !secret.is_empty() => return Ok(secret),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).doing_at("read", path),
    }
    let secret = random_hex(24)?;
    write_private(path, &secret)?;
    Ok(secret)
}

/// Writes a file that its owner alone may read, all of it or nothing.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), SandboxError> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)
    };
    write().doing_at("write", path).map(drop)
}

/// Random bytes, as two hexadecimal digits each.
pub(crate) fn random_hex(bytes: usize) -> Result<String, SandboxError> {
    let mut random = vec![0; bytes];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut random))
        .doing("read /dev/urandom")?;
    Ok(random.iter().fold(String::new(), |mut hex, byte| {
        for digit in [byte >> 4, byte & 0xf] {
            hex.extend(char::from_digit(digit.into(), 16));
        }
        hex
    }))
}

/// The log of a server; it tells one start from those before.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) path: PathBuf,
    begins: u64,
}

impl Log {
    /// Opens the log for a new start.
    pub(crate) fn open(path: PathBuf) -> Result<(Self, File), SandboxError> {
        if fs::metadata(&path).is_ok_and(|log| log.len() > LOG_LIMIT) {
            fs::rename(&path, path.with_extension("log.old")).doing_at("set aside", &path)?;
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .doing_at("open", &path)?;
        let begins = file.metadata().doing_at("read", &path)?.len();
        Ok((Self { path, begins }, file))
    }

    /// What the server said since this start.
    pub(crate) fn since_start(&self) -> String {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(self.begins))?;
            let mut bytes = Vec::new();
            file.take(1 << 20).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_or_else(
            |error| format!("(cannot be read: {error})"),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// The error for a server that did not get past its start.
    pub(crate) fn not_started(&self, server: &'static str, reason: String) -> SandboxError {
        let said = self.since_start();
        let lines: Vec<&str> = said.lines().collect();
        let tail = lines[lines.len().saturating_sub(15)..].join("\n");
        SandboxError::NotStarted {
            server,
            reason,
            log: self.path.clone(),
            tail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n\
        broken\n\
        postgres:x:101:104:administrator:/var/lib/postgresql:/bin/sh\n\
        nobody:x:65534:65534::/nonexistent:/bin/false\n";

    #[test]
    fn users_are_found_by_name_and_number_and_root_never() {
        let postgres = User::Other {
            name: "postgres".to_owned(),
            uid: 101,
            gid: 104,
        };
        assert_eq!(find_user(PASSWD, "postgres"), Some(postgres));
        assert_eq!(find_user(PASSWD, "root"), None);
        assert_eq!(find_user(PASSWD, "somebody"), None);
        assert_eq!(name_of(PASSWD, 65534), Some("nobody".to_owned()));
        assert_eq!(name_of(PASSWD, 7), None);
    }

    #[test]
    fn a_closed_directory_is_noticed_wherever_it_stands_in_the_path() {
        let stranger = User::Other {
            name: "stranger".to_owned(),
            uid: 4_000_001,
            gid: 4_000_001,
        };
        let top = tempfile::tempdir_in("/tmp").unwrap();
        fs::set_permissions(top.path(), Permissions::from_mode(0o700)).unwrap();
        let below = top.path().join("open/below");
        fs::create_dir_all(&below).unwrap();
        fs::set_permissions(top.path().join("open"), Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&below, Permissions::from_mode(0o755)).unwrap();

        assert!(!stranger.reaches(&below));
        assert!(User::Ourselves.reaches(&below));
        fs::set_permissions(top.path(), Permissions::from_mode(0o711)).unwrap();
        assert!(stranger.reaches(&below));
    }

    #[test]
    fn a_secret_is_made_once_and_is_ours_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        let first = keep_secret(&path).unwrap();
        assert_eq!(first.len(), 48);
        assert_eq!(keep_secret(&path).unwrap(), first);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_removed_is_ours_wherever_it_went() {
        let top = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(ELSEWHERE)
            .unwrap();
        let strangers = tempfile::tempdir().unwrap();
        for (moved_to, is_removed) in [(elsewhere.path(), true), (strangers.path(), false)] {
            let asked = top.path().join("postgres");
            fs::create_dir(&asked).unwrap();
            fs::write(asked.join(MOVED_TO), format!("{}\n", moved_to.display())).unwrap();
            remove_data(&asked).unwrap();
            assert!(!asked.exists());
            assert_eq!(!moved_to.exists(), is_removed);
        }
        remove_data(&top.path().join("never")).unwrap();
    }
}
