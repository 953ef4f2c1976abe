//! The store as a whole: what is kept is found, whatever became of it on the disk.

use std::fs;

use super::{Documents, FEW, Kept, Manifest, Text, sha256};

#[test]
fn a_text_is_kept_once_and_read_back() {
    let data = tempfile::tempdir().unwrap();
    let documents = Documents::of(data.path());
    let text = b"id = \"TT-2026-017\"\n";
    let hash = documents.keep(text).unwrap();
    assert_eq!(documents.keep(text).unwrap(), hash);
    assert_eq!(documents.text(&hash).unwrap().unwrap(), text);
    assert_eq!(fs::read_dir(data.path().join("documents")).unwrap().count(), 1);
    assert_eq!(documents.text(&[0; 32]).unwrap(), None);
}

#[test]
fn a_manifest_names_every_document_and_equal_texts_are_one_file() {
    let data = tempfile::tempdir().unwrap();
    let documents = Documents::of(data.path());
    let listed: [(&str, &[u8]); 3] =
        [("agreements/a b.toml", b"same"), ("agreements/c.toml", b"same"), ("members/H26.toml", b"h26")];
    let texts = listed.map(|(name, text)| Text::new(name, text));
    let kept = documents.keep_manifest(&texts).unwrap();
    let known = listed.map(|(name, text)| Text::known(name, sha256(text), text, true));
    assert_eq!(documents.keep_manifest(&known).unwrap(), kept, "listed alike whether or not it is new");
    let manifest = documents.manifest(&kept.manifest).unwrap().unwrap();
    assert_eq!(kept.count, 3);
    for ((name, text), (read, hash)) in listed.iter().zip(&manifest) {
        assert_eq!((name, *text), (&read.as_str(), &*documents.text(hash).unwrap().unwrap()));
    }
    assert_eq!(manifest.len(), 3);
    assert_eq!(fs::read_dir(data.path().join("documents")).unwrap().count(), 3);
}

#[test]
fn a_text_changed_on_the_disk_is_not_passed_off_as_itself() {
    let data = tempfile::tempdir().unwrap();
    let documents = Documents::of(data.path());
    let hash = documents.keep(b"true").unwrap();
    fs::write(documents.path(&hash), b"false").unwrap();
    assert!(documents.text(&hash).is_err());
}

/// So many texts that they are packed, and a few more with each `more`.
fn many(more: usize) -> Vec<(String, String)> {
    let name = |number| format!("agreements/TT-{number:04}.toml");
    (0..400 + more).map(|number| (name(number), format!("id = \"TT-{number:04}\"\n"))).collect()
}

fn keep(documents: &Documents, texts: &[(String, String)]) -> Kept {
    let texts: Vec<_> = texts.iter().map(|(name, text)| Text::new(name.as_str(), text.as_bytes())).collect();
    documents.keep_manifest(&texts).unwrap()
}

/// Every text that a manifest tells of, by name.
fn told(documents: &Documents, kept: &Kept) -> Vec<(String, String)> {
    let manifest: Manifest = documents.manifest(&kept.manifest).unwrap().unwrap();
    let mut reader = documents.reader();
    let text = |hash| String::from_utf8(reader.text(&hash).unwrap().unwrap()).unwrap();
    let mut text = text;
    manifest.into_iter().map(|(name, hash)| (name, text(hash))).collect()
}

/// The files of a folder of the store.
fn files(data: &tempfile::TempDir, folder: &str) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(data.path().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file()).collect()
}

#[test]
fn many_texts_are_one_file_and_each_is_found() {
    let data = tempfile::tempdir().unwrap();
    let documents = Documents::of(data.path());
    let texts = many(0);
    let kept = keep(&documents, &texts);
    assert_eq!(kept.count, 400);
    assert_eq!(files(&data, "documents").len(), 1, "the manifest");
    assert_eq!(files(&data, "documents/packs").len(), 1);
    assert_eq!(told(&documents, &kept), texts);
    // Another process, which has the same to keep and a few texts besides.
    let documents = Documents::of(data.path());
    let more = many(FEW);
    let kept = keep(&documents, &more);
    assert_eq!((files(&data, "documents").len(), files(&data, "documents/packs").len()), (2 + FEW, 1));
    assert_eq!(told(&documents, &kept), more);
    let kept = keep(&Documents::of(data.path()), &many(3 * FEW));
    assert_eq!(files(&data, "documents/packs").len(), 2);
    assert_eq!(told(&documents, &kept), many(3 * FEW));
}

#[test]
fn a_store_of_an_earlier_version_stays_readable() {
    let data = tempfile::tempdir().unwrap();
    let (folder, texts) = (data.path().join("documents"), many(0));
    fs::create_dir(&folder).unwrap();
    let mut manifest = String::new();
    // Each text in a file of its own, and the manifest in the order of the folders.
    for (name, text) in texts.iter().rev() {
        let hash = super::name_of(&sha256(text.as_bytes()));
        fs::write(folder.join(&hash), text).unwrap();
        manifest += &format!("{hash}  {name}\n");
    }
    let hash = sha256(manifest.as_bytes());
    fs::write(folder.join(super::name_of(&hash)), &manifest).unwrap();
    let documents = Documents::of(data.path());
    let before = told(&documents, &Kept { manifest: hash, count: texts.len() });
    assert_eq!(before, texts.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(told(&documents, &keep(&documents, &texts)), texts);
}

#[test]
fn an_edit_among_many_writes_its_text_and_what_changed() {
    let data = tempfile::tempdir().unwrap();
    let documents = Documents::of(data.path());
    let mut texts = many(0);
    keep(&documents, &texts);
    let size = || -> u64 {
        let all = files(&data, "documents").into_iter().chain(files(&data, "documents/packs"));
        all.map(|path| fs::metadata(path).unwrap().len()).sum()
    };
    let before = size();
    texts[7].1 = "id = \"another\"\n".to_owned();
    texts.remove(9);
    let kept = keep(&documents, &texts);
    assert!(size() - before < 500, "{} bytes for an edit", size() - before);
    assert_eq!(told(&Documents::of(data.path()), &kept), texts);
    // Without the full manifest nobody could tell what was in force: it is written again.
    for path in files(&data, "documents") {
        fs::remove_file(path).unwrap();
    }
    assert_eq!(told(&documents, &keep(&documents, &texts)), texts);
    let mut gone = many(0);
    gone[3].1 = "id = \"gone\"\n".to_owned();
    let kept = keep(&documents, &gone);
    for path in files(&data, "documents") {
        if fs::metadata(&path).unwrap().len() > 10_000 {
            fs::remove_file(path).unwrap();
        }
    }
    assert!(documents.manifest(&kept.manifest).is_err(), "changes of what is not there are no answer");
}

#[test]
fn what_was_torn_is_found_out_and_written_again() {
    let data = tempfile::tempdir().unwrap();
    let texts = many(0);
    let kept = keep(&Documents::of(data.path()), &texts);
    let [pack] = &files(&data, "documents/packs")[..] else { panic!("one pack") };
    let bytes = fs::read(pack).unwrap();
    let head = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap() + 2;
    // The last texts; the head's last line; all of it.
    for length in [bytes.len() - 700, head - 10, 0] {
        fs::write(pack, &bytes[..length]).unwrap();
        let documents = Documents::of(data.path());
        assert!(documents.text(&sha256(texts[399].1.as_bytes())).is_ok_and(|text| text.is_none()));
        assert_eq!(keep(&documents, &texts), kept);
        assert_eq!(told(&documents, &kept), texts);
        assert_eq!(fs::read(pack).unwrap(), bytes, "the same texts are the same pack");
    }
    // Of the same length, and another text.
    let mut changed = bytes.clone();
    changed[head + 6] ^= 1;
    fs::write(pack, &changed).unwrap();
    let documents = Documents::of(data.path());
    let unsound = texts.iter().filter(|(_, text)| documents.text(&sha256(text.as_bytes())).is_err());
    assert_eq!(unsound.count(), 1);
    assert_eq!(keep(&documents, &texts), kept);
    assert_eq!(told(&documents, &kept), texts);
    // A text with a file of its own.
    let alone = documents.keep(b"alone").unwrap();
    fs::write(documents.path(&alone), b"al").unwrap();
    documents.keep(b"alone").unwrap();
    assert_eq!(documents.text(&alone).unwrap().unwrap(), b"alone");
}

#[test]
fn what_could_not_be_kept_leaves_nothing_behind() {
    let data = tempfile::tempdir().unwrap();
    let documents = Documents::of(data.path());
    documents.keep(b"first").unwrap();
    // A folder stands where the file should be: it is written, and cannot take its place.
    fs::create_dir(documents.path(&sha256(b"second"))).unwrap();
    assert!(documents.keep(b"second").is_err());
    assert_eq!(files(&data, "documents").len(), 1);
}
