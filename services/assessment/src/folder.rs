//! An organisation's folder of instruments that it has a licence for.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::model::{Catalogue, CatalogueFault};

/// A folder of instruments that cannot be used (KL2014).
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be read.
    #[error("KL2014: {path}: {source}")]
    Unreadable {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An instrument in it cannot be used.
    #[error("KL2014: {path}: {source}")]
    Refused {
        /// Which file.
        path: PathBuf,
        /// Why, and where in the file.
        source: CatalogueFault,
    },
    /// An instrument that comes with the program cannot be used.
    #[error("instruments: {0}")]
    Builtin(#[from] CatalogueFault),
}

/// The instruments that come with the program, and those of every `.json` file in a folder, in
/// the order of their names. One file that is wrong refuses all.
pub fn load_catalogue(folder: Option<&Path>) -> Result<Catalogue, FolderError> {
    let mut catalogue = Catalogue::builtin()?;
    let Some(folder) = folder else {
        return Ok(catalogue);
    };
    for path in files(folder)? {
        let text = fs::read_to_string(&path).map_err(|source| FolderError::Unreadable {
            path: path.clone(),
            source,
        })?;
        catalogue
            .add(&text)
            .map_err(|source| FolderError::Refused { path, source })?;
    }
    Ok(catalogue)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let list = || -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    };
    list().map_err(|source| FolderError::Unreadable {
        path: folder.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSI: &str = include_str!("../data/instruments/csi.json");

    #[test]
    fn every_file_of_the_folder_is_taken_or_the_whole_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let ours = CSI
            .replace("\"csi\"", "\"ours\"")
            .replace(":csi\"", ":ours\"");
        fs::write(folder.path().join("ours.json"), &ours).unwrap();
        fs::write(folder.path().join("readme.txt"), "not one of them").unwrap();
        let catalogue = load_catalogue(Some(folder.path())).unwrap();
        assert!(catalogue.get("ours", "1.0.0").is_some());

        fs::write(
            folder.path().join("wrong.json"),
            "{\n  \"questionnaire\": {}}",
        )
        .unwrap();
        let refused = load_catalogue(Some(folder.path())).unwrap_err().to_string();
        assert!(refused.starts_with("KL2014: "), "{refused}");
        assert!(refused.contains("wrong.json: missing field"), "{refused}");
        assert!(refused.contains("at line 2 column"), "{refused}");
        fs::write(folder.path().join("wrong.json"), &ours).unwrap();
        let refused = load_catalogue(Some(folder.path())).unwrap_err().to_string();
        assert!(
            refused.contains("`ours` is there in version 1.0.0 already"),
            "{refused}"
        );
        let none = load_catalogue(Some(&folder.path().join("none"))).unwrap_err();
        assert!(none.to_string().contains("No such file"), "{none}");
    }
}
