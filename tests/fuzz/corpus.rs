//! Tries a law on the inputs that cargo fuzz found. Each crate with a law includes this file in its
//! unit tests.

use std::{fs, path::Path};

/// Tries `holds` on each input of the corpus `name`, on its beginnings, and with one byte less.
pub(crate) fn hold(name: &str, holds: fn(&[u8])) {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = manifest.ancestors().map(|root| root.join("tests/fuzz/corpus").join(name));
    let corpus = corpus.into_iter().find(|corpus| corpus.is_dir()).unwrap();
    let files = fs::read_dir(corpus).unwrap();
    let inputs: Vec<_> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(inputs.len() > 100, "{} inputs", inputs.len());
    for input in inputs {
        holds(&input);
        for position in 0..input.len() {
            let (beginning, rest) = input.split_at(position);
            holds(beginning);
            holds(&[beginning, &rest[1..]].concat());
        }
    }
}
