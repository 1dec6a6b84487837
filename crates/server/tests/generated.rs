//! What is generated is committed and up to date.

use std::fs;
use std::path::Path;

/// With `UPDATE_GENERATED=1` in the environment the files are written instead.
#[test]
fn generated_files_are_committed_as_the_code_makes_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let update = std::env::var_os("UPDATE_GENERATED").is_some();
    for (path, contents) in countersign_server::generated::files() {
        let file = root.join(path);
        if update {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &contents).unwrap();
        }
        let committed = fs::read_to_string(&file).unwrap_or_default();
        assert!(committed == contents, "{path} is not what the code makes; run with UPDATE_GENERATED=1 and commit it");
    }
}
