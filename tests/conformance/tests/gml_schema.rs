//! xmllint, asked whether what is written as GML keeps the contract's own XML Schema.
//!
//! The schema stands alone: it says that an element of GML is where a geometry is, and leaves that
//! element to GML's schema where a validator has one (`processContents="lax"`). So a feature validates
//! offline as it is. A collection's frame, `gml:FeatureCollection`, is GML's and not the contract's; who
//! validates one without GML's schema needs a few lines around the contract's, which stand here.
#![allow(clippy::unwrap_used, reason = "a step that fails fails the test")]

use std::{fs, path::Path, process::Command, sync::Arc};

use contracts::{Catalog, Contract, Document, Form, Format, Seen, description::xsd};

const FRAME: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.opengis.net/gml/3.2" elementFormDefault="qualified">
  <xs:import namespace="NAMESPACE" schemaLocation="contract.xsd"/>
  <xs:attribute name="id" type="xs:ID"/>
  <xs:element name="FeatureCollection">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="featureMember" minOccurs="0" maxOccurs="unbounded">
          <xs:complexType>
            <xs:sequence><xs:any namespace="NAMESPACE" processContents="strict"/></xs:sequence>
          </xs:complexType>
        </xs:element>
      </xs:sequence>
      <xs:anyAttribute namespace="http://www.opengis.net/gml/3.2" processContents="strict"/>
    </xs:complexType>
  </xs:element>
</xs:schema>"#;

fn stations() -> Arc<Contract> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
    let (catalog, _) = Catalog::load(&folder).unwrap();
    Arc::clone(catalog.contract(&"tram-quan-trac-phong-xa@1".parse().unwrap()).unwrap())
}

#[test]
fn features_and_collections_keep_the_contracts_schema() {
    let contract = stations();
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
    put("contract.xsd", xsd(&contract, &contract.whole_view()).document.as_bytes());
    put("frame.xsd", FRAME.replace("NAMESPACE", &contract.shape().namespace).as_bytes());
    let holds = |schema: &str, name: &str| {
        let mut xmllint = Command::new("xmllint");
        xmllint.args(["--noout", "--nonet", "--schema", schema, name]).current_dir(folder.path());
        let output = xmllint.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let gml = |document: &Document<'_>| {
        let mut out = Vec::new();
        adapters::write(Format::Gml, document, &contract, &mut out);
        String::from_utf8(out).unwrap()
    };
    let specimens = contract.specimens();
    let records: Vec<Document<'static>> = (0..40).filter_map(|seed| specimens.record(seed)).collect();
    assert!(records.len() > 20);
    for (index, record) in records.iter().enumerate() {
        let name = format!("{index}.gml");
        put(&name, gml(record).as_bytes());
        let (held, told) = holds("contract.xsd", &name);
        assert!(held, "{told}");
    }
    let all = gml(&Document::List(records));
    put("all.gml", all.as_bytes());
    let (held, told) = holds("frame.xsd", "all.gml");
    assert!(held, "{told}");

    // The frame's members are held to the contract, and ids are the document's own.
    let broken = [
        all.replacen("<TinhTrang>", "<TinhTrang>x", 1),
        all.replacen(" MaTram=", " Khac=", 1),
        all.replacen("gml:id=\"r2\"", "gml:id=\"r1\"", 1),
        all.replacen("<ViTri><gml:Point ", "<ViTri><Point ", 1).replacen(
            "</gml:Point></ViTri>",
            "</Point></ViTri>",
            1,
        ),
    ];
    for (index, text) in broken.iter().enumerate() {
        assert_ne!(text, &all, "{index}");
        put("broken.gml", text.as_bytes());
        assert!(!holds("frame.xsd", "broken.gml").0, "{index} was accepted");
    }
}

/// Who gets GML and reaches for the schema is told what it does not declare; who sees no place is told of none.
#[test]
fn readers_of_the_schema_are_told_of_the_frame() {
    let contract = stations();
    let nowhere = contract
        .view(&|field| if matches!(field.form, Form::Geometry(_)) { Seen::Withheld } else { Seen::Whole });
    for (view, is_told) in [(contract.whole_view(), true), (nowhere, false)] {
        let schema = xsd(&contract, &view).document;
        assert_eq!(schema.contains("`gml:FeatureCollection`"), is_told);
        assert_eq!(schema.to_lowercase().contains("gml"), is_told);
    }
}
