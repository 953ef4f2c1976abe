//! Where something is: one provider's GML, read by each in a format and a reference system of its own.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use support::Ask;

use crate::{Journey, Scene, Step};

const STATIONS: &str = "/api/G06/tram-quan-trac-phong-xa/v1/records";
const NETWORK: &str = "G06/quan-trac-phong-xa";
const HANOI: &str = "H26/quan-ly-khcn";
const PORTAL: &str = "G06/cong-du-lieu-mo";

/// Of the area that a station covers, which nobody agreed to share.
const AREA: [&str; 2] = ["577000", "2336000"];
/// Of stations outside Hà Nội.
const ELSEWHERE: [&str; 2] = ["549850", "TQT-99-13"];
/// What would tell of a place without being one.
const TELLING: [&str; 4] = ["bbox", "boundedBy", "Envelope", "lowerCorner"];

fn stations(scene: &mut Scene<'_>, caller: &str, purpose: &str, path: &str, format: &str) -> Result<Step> {
    let ask = Ask::get(&format!("{STATIONS}{path}")).purpose(purpose).header("Accept", format);
    let step = scene.ask(caller, ask)?;
    let media = step.answer.header("content-type").to_owned();
    ensure!(media.starts_with(format), "asked for {format}, came as {media}: {}", step.answer.text());
    Ok(step)
}

/// The answer does not even name these fields; the journal does, among those withheld.
fn names_none(step: &Step, fields: &[&str]) -> Result<()> {
    let text = step.answer.text();
    for field in fields {
        ensure!(!text.contains(field), "`{field}` stands in the answer: {text}");
    }
    Ok(())
}

/// Hà Nội reads stations in every format.
pub const READ_STATIONS: Journey = Journey {
    vi: "Hà Nội đọc trạm quan trắc (bên cung cấp nói GML, VN-2000) bằng mọi định dạng",
    en: "Hà Nội reads stations (the provider speaks GML, in VN-2000) in every format",
    run: |scene| {
        let mut all = |format: &str| -> Result<Step> {
            let step = stations(scene, HANOI, "giam-sat-phong-xa", "", format)?;
            step.granted(200, "TT-2026-041")?.hides(&AREA)?.hides(&ELSEWHERE)?.hides(&TELLING)?;
            names_none(&step, &["VungBaoPhu"])?;
            step.recorded("records", &json!(2))?;
            let seen = step.seen_by(NETWORK)?;
            ensure!((seen.method.as_str(), seen.path.as_str()) == ("GET", "/tram"), "{seen:?}");
            ensure!(seen.header("accept") == ["application/gml+xml"], "{seen:?}");
            Ok(step)
        };
        // Every digit and the reference system as surveyed.
        let digits = ["588790.250", "2325710.50", "EPSG/0/5897", "21.0285", "105.8542", "EPSG/0/4756"];
        let mut as_surveyed = |format: &str| -> Result<Step> {
            let step = all(format)?;
            let text = step.answer.text();
            for digits in digits {
                ensure!(text.contains(digits), "{format} lost `{digits}`: {text}");
            }
            Ok(step)
        };
        for format in ["application/json", "application/xml", "text/csv", "application/x-ndjson"] {
            as_surveyed(format)?;
        }
        let gml = as_surveyed("application/gml+xml")?.answer.text();
        ensure!(
            gml.contains("<gml:FeatureCollection ") && gml.contains("<gml:pos>21.0285 105.8542</gml:pos>"),
            "{gml}"
        );
        let fg = as_surveyed("application/vnd.ogc.fg+json")?.answer.json();
        ensure!(fg["features"][1]["place"]["coordinates"] == json!([21.0285, 105.8542]), "{fg}");

        // WGS 84, longitude first: a known place.
        let collection = all("application/geo+json")?.answer.json();
        ensure!(collection["type"] == "FeatureCollection", "{collection}");
        let there = &collection["features"][1]["geometry"]["coordinates"];
        for (index, known) in [105.856_082_64, 21.027_513_98].into_iter().enumerate() {
            let far = there[index].as_f64().map(|number| (number - known).abs());
            ensure!(far.is_some_and(|far| far < 1e-8), "{collection}");
        }
        ensure!(fg["features"][1]["geometry"]["coordinates"] == *there, "both say the same in WGS 84: {fg}");

        let one = stations(scene, HANOI, "giam-sat-phong-xa", "/TQT-99-11", "application/geo+json")?;
        one.granted(200, "TT-2026-041")?.hides(&AREA)?;
        let feature = one.answer.json();
        ensure!(feature["type"] == "Feature" && feature["id"] == "TQT-99-11", "{feature}");

        // Another province's is outside the agreement's records, in any format.
        let ask = Ask::get(&format!("{STATIONS}/TQT-99-13")).purpose("giam-sat-phong-xa");
        let other = scene.ask(HANOI, ask.header("Accept", "application/gml+xml"))?;
        ensure!(other.answer.status == 404, "{}", other.answer.text());
        other.hides(&ELSEWHERE[..1])?;
        Ok(())
    },
};

/// The portal reads stations without their places.
pub const READ_WITHOUT_PLACES: Journey = Journey {
    vi: "Cổng dữ liệu mở đọc trạm quan trắc mà không thấy vị trí, trong mọi định dạng",
    en: "The open-data portal reads stations and sees no place, in any format",
    run: |scene| {
        let places = ["588790", "2325710", "21.0285", "105.85", "12.24", "109.19", "EPSG", "gml:pos"];
        for format in [
            "application/json",
            "application/xml",
            "application/gml+xml",
            "application/geo+json",
            "application/vnd.ogc.fg+json",
            "text/csv",
            "application/x-ndjson",
        ] {
            let step = stations(scene, PORTAL, "cong-bo-du-lieu-mo", "", format)?;
            step.granted(200, "TT-2026-042")?
                .hides(&places)?
                .hides(&TELLING)?
                .hides(&AREA)?
                .hides(&ELSEWHERE[..1])?;
            names_none(&step, &["ViTri", "VungBaoPhu"])?;
            step.recorded("records", &json!(4))?;
            ensure!(step.answer.text().contains("TQT-99-13"), "{format}: {}", step.answer.text());
            if format.ends_with("+json") {
                let collection = step.answer.json();
                let features = collection["features"].as_array().context("features")?;
                ensure!(features.iter().all(|feature| feature["geometry"] == Value::Null), "{collection}");
            }
        }
        Ok(())
    },
};
