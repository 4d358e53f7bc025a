use std::cmp::Reverse;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::SandboxError;

const POSTGRES_VARIABLE: &str = "KL_POSTGRES_BIN";
const NATS_VARIABLE: &str = "KL_NATS_SERVER";
const POSTGRES: &str = "PostgreSQL (15 or newer)";
const NATS: &str = "nats-server (2.12 or newer)";
const POSTGRES_OLDEST: Version = Version(15, 0);
const NATS_OLDEST: Version = Version(2, 12);

/// Where PostgreSQL and nats-server are on this machine.
#[derive(Clone, Debug)]
pub struct Tools {
    postgres_bin: PathBuf,
    nats_server: PathBuf,
}

impl Tools {
    /// Looks for both, and asks each its version.
    ///
    /// PostgreSQL: the directory in `KL_POSTGRES_BIN`; `.knipperlicht/tools/postgres`, or the
    /// directory written in `.knipperlicht/tools/postgres-bin`, of this checkout; `PATH`; the
    /// newest of `/usr/lib/postgresql/*/bin`. nats-server: the program in `KL_NATS_SERVER`;
    /// `.knipperlicht/tools/bin/nats-server` of this checkout; `PATH`. The checkout is the
    /// current directory and those above it, up to the first with a `.git` or `Cargo.lock`.
    ///
    /// A variable that is set must be right; elsewhere, what is too old is passed over.
    pub fn find() -> Result<Self, SandboxError> {
        let search = Search {
            variable: |name: &str| env::var_os(name).filter(|value| !value.is_empty()),
            current: env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
            packaged: PathBuf::from("/usr/lib/postgresql"),
        };
        Ok(Self {
            postgres_bin: search.postgres_bin()?,
            nats_server: search.nats_server()?,
        })
    }

    /// The directory with `postgres` and `initdb`.
    #[must_use]
    pub fn postgres_bin(&self) -> &Path {
        &self.postgres_bin
    }

    /// The program `nats-server`.
    #[must_use]
    pub fn nats_server(&self) -> &Path {
        &self.nats_server
    }
}

/// The places to look at, apart from where they come from.
struct Search<V> {
    variable: V,
    current: PathBuf,
    packaged: PathBuf,
}

impl<V: Fn(&str) -> Option<OsString>> Search<V> {
    fn postgres_bin(&self) -> Result<PathBuf, SandboxError> {
        if let Some(named) = (self.variable)(POSTGRES_VARIABLE) {
            return named_must_fit(POSTGRES_VARIABLE, named, fit_postgres);
        }

        let mut candidates = Vec::new();
        for checkout in self.checkout() {
            let tools = checkout.join(".knipperlicht/tools");
            candidates.push(tools.join("postgres"));
            candidates.push(tools.join("postgres/bin"));
            if let Ok(written) = fs::read_to_string(tools.join("postgres-bin")) {
                candidates.push(checkout.join(written.trim()));
            }
        }
        candidates.extend(self.on_path("postgres").into_iter().filter_map(|found| {
            // A link on the path points into the directory where `initdb` is.
            fs::canonicalize(found).ok()?.parent().map(Path::to_owned)
        }));
        candidates.extend(self.packaged_newest_first());

        first_fitting(&candidates, fit_postgres).map_err(|looked| SandboxError::ToolMissing {
            tool: POSTGRES,
            looked,
            variable: POSTGRES_VARIABLE,
        })
    }

    fn nats_server(&self) -> Result<PathBuf, SandboxError> {
        if let Some(named) = (self.variable)(NATS_VARIABLE) {
            return named_must_fit(NATS_VARIABLE, named, fit_nats);
        }

        let mut candidates: Vec<PathBuf> = self
            .checkout()
            .into_iter()
            .map(|checkout| checkout.join(".knipperlicht/tools/bin/nats-server"))
            .collect();
        candidates.extend(self.on_path("nats-server"));

        first_fitting(&candidates, fit_nats).map_err(|looked| SandboxError::ToolMissing {
            tool: NATS,
            looked,
            variable: NATS_VARIABLE,
        })
    }

    /// The current directory and those above it, no further than the checkout: above it,
    /// somebody else may have put programs.
    fn checkout(&self) -> Vec<&Path> {
        let above: Vec<&Path> = self.current.ancestors().collect();
        let is_root = |at: &&Path| at.join(".git").exists() || at.join("Cargo.lock").exists();
        let root = above.iter().position(is_root).unwrap_or(0);
        above.into_iter().take(root + 1).collect()
    }

    fn on_path(&self, program: &str) -> Vec<PathBuf> {
        let path = (self.variable)("PATH").unwrap_or_default();
        env::split_paths(&path)
            .filter(|directory| directory.is_absolute())
            .map(|directory| directory.join(program))
            .collect()
    }

    fn packaged_newest_first(&self) -> Vec<PathBuf> {
        let mut majors: Vec<(u32, PathBuf)> = fs::read_dir(&self.packaged)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let major = entry.file_name().to_str()?.parse().ok()?;
                Some((major, entry.path().join("bin")))
            })
            .collect();
        majors.sort_by_key(|(major, _)| Reverse(*major));
        majors.into_iter().map(|(_, bin)| bin).collect()
    }
}

type Fit = fn(&Path) -> Result<(), String>;

fn named_must_fit(
    variable: &'static str,
    named: OsString,
    fit: Fit,
) -> Result<PathBuf, SandboxError> {
    let path = PathBuf::from(named);
    let refuse = |reason: String| SandboxError::ToolUnfit {
        variable,
        path: path.clone(),
        reason,
    };
    let absolute = fs::canonicalize(&path).map_err(|error| refuse(error.to_string()))?;
    fit(&absolute).map_err(refuse)?;
    Ok(absolute)
}

fn first_fitting(candidates: &[PathBuf], fit: Fit) -> Result<PathBuf, String> {
    let mut looked = Vec::new();
    for candidate in candidates {
        let Ok(absolute) = fs::canonicalize(candidate) else {
            continue;
        };
        match fit(&absolute) {
            Ok(()) => return Ok(absolute),
            Err(reason) => looked.push(format!("{}: {reason}", candidate.display())),
        }
    }
    if looked.is_empty() {
        looked.push(".knipperlicht/tools and PATH".to_owned());
    }
    Err(looked.join("; "))
}

fn fit_postgres(directory: &Path) -> Result<(), String> {
    if !directory.join("initdb").is_file() {
        return Err("it has no `initdb`".to_owned());
    }
    fit_version(&directory.join("postgres"), POSTGRES_OLDEST)
}

fn fit_nats(program: &Path) -> Result<(), String> {
    fit_version(program, NATS_OLDEST)
}

fn fit_version(program: &Path, oldest: Version) -> Result<(), String> {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stdout);
    match Version::read(&said) {
        Some(version) if version >= oldest => Ok(()),
        Some(Version(major, minor)) => Err(format!("version {major}.{minor} is too old")),
        None => Err(format!("it does not say its version: {}", said.trim())),
    }
}

/// Major and minor version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32);

impl Version {
    /// Reads what `--version` says: `postgres (PostgreSQL) 15.14 (Debian …)`, `18beta1`,
    /// `nats-server: v2.15.1`.
    fn read(said: &str) -> Option<Self> {
        let digits =
            |text: &str| -> String { text.chars().take_while(char::is_ascii_digit).collect() };
        said.split_whitespace().find_map(|word| {
            let word = word.strip_prefix('v').unwrap_or(word);
            let major = digits(word);
            let minor = word[major.len()..]
                .strip_prefix('.')
                .map(digits)
                .unwrap_or_default();
            Some(Self(major.parse().ok()?, minor.parse().unwrap_or(0)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(path: &Path, says: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Another process writes it: a child that another test starts at the same moment would
        // inherit our open file, and a program open for writing cannot be executed.
        let script = format!("#!/bin/sh\necho '{says}'\n");
        let written = Command::new("sh")
            .args([
                "-c",
                r#"printf %s "$1" > "$2" && chmod 755 "$2""#,
                "sh",
                &script,
            ])
            .arg(path)
            .status();
        assert!(written.unwrap().success());
    }

    fn postgres(bin: &Path, version: &str) {
        program(
            &bin.join("postgres"),
            &format!("postgres (PostgreSQL) {version}"),
        );
        program(&bin.join("initdb"), "");
    }

    fn search(
        root: &Path,
        variables: Vec<(&'static str, PathBuf)>,
    ) -> Search<impl Fn(&str) -> Option<OsString>> {
        Search {
            variable: move |name: &str| {
                let (_, value) = variables.iter().find(|(known, _)| *known == name)?;
                Some(value.clone().into_os_string())
            },
            current: root.join("checkout/crates"),
            packaged: root.join("packaged"),
        }
    }

    #[test]
    fn versions_are_read_as_each_program_says_them() {
        for (said, version) in [
            (
                "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)",
                Some(Version(15, 14)),
            ),
            ("postgres (PostgreSQL) 18beta1", Some(Version(18, 0))),
            ("nats-server: v2.15.1\n", Some(Version(2, 15))),
            ("no such thing", None),
            ("", None),
        ] {
            assert_eq!(Version::read(said), version, "{said}");
        }
    }

    #[test]
    fn the_nearest_place_wins_and_what_is_too_old_is_passed_over() {
        let root = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(root.path()).unwrap();
        fs::create_dir_all(root.join("checkout/.git")).unwrap();
        fs::create_dir_all(root.join("checkout/crates")).unwrap();

        postgres(&root.join("packaged/9/bin"), "9.6");
        let missing = search(&root, vec![])
            .postgres_bin()
            .unwrap_err()
            .to_string();
        assert!(missing.contains("version 9.6 is too old"), "{missing}");
        assert!(missing.contains("make run"), "{missing}");

        postgres(&root.join("packaged/15/bin"), "15.1");
        postgres(&root.join("packaged/17/bin"), "17.2");
        assert_eq!(
            search(&root, vec![]).postgres_bin().unwrap(),
            root.join("packaged/17/bin")
        );

        postgres(&root.join("real/bin"), "16.0");
        fs::create_dir_all(root.join("links")).unwrap();
        std::os::unix::fs::symlink(root.join("real/bin/postgres"), root.join("links/postgres"))
            .unwrap();
        let path = vec![("PATH", root.join("links"))];
        assert_eq!(
            search(&root, path.clone()).postgres_bin().unwrap(),
            root.join("real/bin")
        );

        let tools = root.join("checkout/.knipperlicht/tools");
        postgres(&root.join("fetched/bin"), "18.0");
        fs::create_dir_all(&tools).unwrap();
        fs::write(
            tools.join("postgres-bin"),
            format!("{}\n", root.join("fetched/bin").display()),
        )
        .unwrap();
        assert_eq!(
            search(&root, path.clone()).postgres_bin().unwrap(),
            root.join("fetched/bin")
        );

        postgres(&tools.join("postgres"), "18.1");
        assert_eq!(
            search(&root, path).postgres_bin().unwrap(),
            tools.join("postgres")
        );
    }

    #[test]
    fn a_variable_that_is_set_must_be_right() {
        let root = tempfile::tempdir().unwrap();
        let old = root.path().join("old/nats-server");
        program(&old, "nats-server: v2.9.10");
        let refusal = search(root.path(), vec![("KL_NATS_SERVER", old)])
            .nats_server()
            .unwrap_err();
        assert!(
            matches!(refusal, SandboxError::ToolUnfit { .. }),
            "{refusal}"
        );
    }

    #[test]
    fn programs_above_the_checkout_are_not_trusted() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("checkout/.git")).unwrap();
        fs::create_dir_all(root.path().join("checkout/crates")).unwrap();
        program(
            &root.path().join(".knipperlicht/tools/bin/nats-server"),
            "nats-server: v2.15.1",
        );
        assert!(search(root.path(), vec![]).nats_server().is_err());
    }
}
