//! Master keys that this process keeps itself, read from a file. The first of them wraps, all of
//! them unwrap, and the file is read again while the process runs: so one key follows another
//! without a pause.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use knipperlicht_vocabulary::Environment;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    DataKey, IndexKey, KeyError, KeyWrapping, Looked, MasterKey, VaultError, WrappedKey,
    vault::{open, seal},
};

/// Why there is no key ring.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// The file.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is in it.
    #[error("{path}: {source}")]
    Keys {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: KeyError,
    },
}

/// Master keys, the newest first.
pub struct KeyRing {
    /// Nothing where the keys were given as text: then they stay.
    file: Option<PathBuf>,
    keys: RwLock<Arc<Keys>>,
}

/// Keys that were read together.
struct Keys {
    current: MasterKey,
    others: Vec<MasterKey>,
}

impl KeyRing {
    /// Reads the keys in `text`, apart by spaces, commas or lines; the first one wraps.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Ok(Self {
            file: None,
            keys: RwLock::new(Arc::new(Keys::parse(text)?)),
        })
    }

    /// Reads the keys in a file, and again whenever the file is another.
    pub fn open(path: &Path) -> Result<Self, RingError> {
        Ok(Self {
            file: Some(path.to_owned()),
            keys: RwLock::new(Arc::new(read(path)?)),
        })
    }

    /// The index key of an installation that has none of its own: made of the oldest master key,
    /// which stands last.
    #[must_use]
    pub fn index_key(&self) -> IndexKey {
        let keys = self.keys();
        keys.others.last().unwrap_or(&keys.current).as_index_key()
    }

    /// Whether it can open what this key has wrapped.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.keys().named(id).is_some()
    }

    fn keys(&self) -> Arc<Keys> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&keys)
    }

    fn read_again(&self) -> Result<Looked, RingError> {
        let Some(path) = &self.file else {
            return Ok(Looked::Same);
        };
        let (found, held) = (read(path)?, self.keys());
        if found
            .all()
            .map(MasterKey::id)
            .eq(held.all().map(MasterKey::id))
        {
            return Ok(Looked::Same);
        }
        let current = found.current.id().to_owned();
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(found);
        Ok(Looked::Changed(current))
    }
}

fn read(path: &Path) -> Result<Keys, RingError> {
    let text = fs::read_to_string(path).map_err(|source| RingError::File {
        path: path.to_owned(),
        source,
    })?;
    Keys::parse(&Zeroizing::new(text)).map_err(|source| RingError::Keys {
        path: path.to_owned(),
        source,
    })
}

impl Keys {
    fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys: Vec<MasterKey> = Vec::new();
        for one in text.split(|c: char| c == ',' || c.is_whitespace()) {
            if one.is_empty() {
                continue;
            }
            let key = MasterKey::parse(one)?;
            if keys.iter().any(|known| known.id() == key.id()) {
                return Err(KeyError::SameName(key.id().to_owned()));
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        Ok(Self {
            current: keys.next().ok_or(KeyError::None)?,
            others: keys.collect(),
        })
    }

    fn all(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.current).chain(&self.others)
    }

    fn named(&self, id: &str) -> Option<&MasterKey> {
        self.all().find(|key| key.id() == id)
    }
}

#[async_trait]
impl KeyWrapping for KeyRing {
    async fn current(&self) -> Result<String, VaultError> {
        Ok(self.keys().current.id().to_owned())
    }

    async fn wrap(
        &self,
        environment: &Environment,
        owner: Uuid,
        key: &DataKey,
    ) -> Result<WrappedKey, VaultError> {
        let keys = self.keys();
        let wrapping = keys.current.wrapping();
        Ok(WrappedKey {
            master_key_id: keys.current.id().to_owned(),
            bytes: seal(&wrapping, environment, owner.as_bytes(), key.expose())?,
        })
    }

    async fn unwrap(&self, owner: Uuid, wrapped: &WrappedKey) -> Result<DataKey, VaultError> {
        let id = &wrapped.master_key_id;
        let mut keys = self.keys();
        if keys.named(id).is_none() {
            // Somebody else read a new key before we did.
            self.read_again()?;
            keys = self.keys();
        }
        let unknown = || VaultError::UnknownMasterKey(id.clone());
        let wrapping = keys.named(id).ok_or_else(unknown)?.wrapping();
        let bytes = open(&wrapping, owner.as_bytes(), &wrapped.bytes)?;
        DataKey::from_bytes(&bytes).ok_or(VaultError::Sealed)
    }

    async fn look(&self) -> Result<Looked, VaultError> {
        Ok(self.read_again()?)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Vault, vault::tests::environment};

    use super::*;

    fn line(id: &str, byte: char) -> String {
        let secret: String = std::iter::repeat_n(byte, 43).collect();
        format!("{id}:{secret}=\n")
    }

    #[tokio::test]
    async fn one_key_follows_another_while_processes_run() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("master.key");
        fs::write(&file, line("old", 'A')).unwrap();
        let [one, other] = [(); 2].map(|()| Arc::new(KeyRing::open(&file).unwrap()));
        let vaults = [&one, &other].map(|ring| Vault::new(Arc::clone(ring) as Arc<_>));
        let (environment, owner) = (environment(), Uuid::from_u128(1));
        let (_, first) = vaults[0].new_key_of(&environment, owner).await.unwrap();
        assert_eq!(first.master_key_id, "old");

        // One process has read the new key, the other meets what is wrapped with it.
        fs::write(&file, line("new", 'E') + &line("old", 'A')).unwrap();
        assert_eq!(one.look().await.unwrap(), Looked::Changed("new".to_owned()));
        assert_eq!(one.look().await.unwrap(), Looked::Same);
        let (_, second) = vaults[0].new_key_of(&environment, owner).await.unwrap();
        assert_eq!(second.master_key_id, "new");
        for wrapped in [&first, &second] {
            vaults[1].unwrap_key_of(owner, wrapped).await.unwrap();
        }

        // Wrapped anew, it needs the old key no more.
        let rewrapped = vaults[1].rewrapped(&environment, owner, &first).await;
        let rewrapped = rewrapped.unwrap().unwrap();
        assert_eq!(rewrapped.master_key_id, "new");
        let again = vaults[1].rewrapped(&environment, owner, &rewrapped).await;
        assert!(again.unwrap().is_none(), "it is under the current key");
        fs::write(&file, line("new", 'E')).unwrap();
        one.look().await.unwrap();
        let key = vaults[0].unwrap_key_of(owner, &rewrapped).await.unwrap();
        let sealed = key.seal(&environment, "note", b"Maria").unwrap();
        let before = vaults[1].unwrap_key_of(owner, &first).await.unwrap();
        assert_eq!(before.open("note", &sealed).unwrap().as_slice(), b"Maria");
        let lost = vaults[0].unwrap_key_of(owner, &first).await.err().unwrap();
        assert!(matches!(lost, VaultError::UnknownMasterKey(id) if id == "old"));
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_leaves_the_keys_as_they_were() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("master.key");
        fs::write(&file, line("old", 'A')).unwrap();
        let ring = KeyRing::open(&file).unwrap();
        for broken in ["", "nonsense", "old:AAAA="] {
            fs::write(&file, broken).unwrap();
            assert!(ring.look().await.is_err(), "{broken}");
        }
        fs::remove_file(&file).unwrap();
        assert!(ring.look().await.is_err());
        assert_eq!(ring.current().await.unwrap(), "old");
    }

    #[test]
    fn the_oldest_key_makes_the_index_key() {
        let text = |ring: &KeyRing| ring.index_key().text("i").to_string();
        let before = KeyRing::parse(&line("old", 'A')).unwrap();
        let after = format!("{},{}", line("new", 'E').trim(), line("old", 'A'));
        assert_eq!(text(&before), text(&KeyRing::parse(&after).unwrap()));
        let twice = line("old", 'A') + &line("old", 'E');
        assert!(matches!(KeyRing::parse(&twice), Err(KeyError::SameName(_))));
        assert!(matches!(KeyRing::parse(" \n"), Err(KeyError::None)));
    }
}
