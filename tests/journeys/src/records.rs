//! Invented tasks that journeys push and submit, each under a number of its own.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// A task's number that no earlier run used: neighbours keep their records.
pub fn fresh_number(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    format!("{prefix}-{now}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The name of the person in [`task_json`] and [`task_xml`], for looking where it must not be.
pub const PERSON: &str = "Lý Thị Hư Cấu";
/// That person's number.
pub const PERSON_NUMBER: &str = "001191000041";

/// A task in JSON, with what translation likes to lose: a leading zero, a number's last zero, a
/// list of one, an empty list, null.
pub fn task_json(number: &str, province: &str) -> String {
    format!(
        r#"{{"MaSo":"{number}","TenNhiemVu":"Nhiệm vụ mẫu <thử> & kiểm chứng","MaLinhVuc":"20704","ToChucChuTri":{{"Ten":"Viện Thử nghiệm Mẫu","MaDinhDanh":"H26.99.01"}},"MaTinh":"{province}","CapQuanLy":"tinh","ChuNhiem":{{"HoVaTen":"{PERSON}","SoDinhDanh":"{PERSON_NUMBER}"}},"ThanhVien":[],"NoiDungChinh":["Một nội dung."],"SanPham":[{{"Loai":"phan-mem","SoLuong":1,"DaDangKyBaoHo":false,"Ten":"Phần mềm mẫu"}}],"ThoiGianBatDau":"2026-01-05","ThoiGianKetThuc":null,"KinhPhi":2450000000,"TinhTrang":"da-ung-dung","UngDung":{{"ThoiGianBatDau":"2026-06-01","HieuQuaKinhTe":{{"GiaTri":12.50}}}}}}"#
    )
}

/// The same task in XML.
pub fn task_xml(number: &str, province: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<NhiemVu xmlns="urn:lienthong:dataset:nhiem-vu:1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <MaSo>{number}</MaSo>
  <TenNhiemVu>Nhiệm vụ mẫu &lt;thử&gt; &amp; kiểm chứng</TenNhiemVu>
  <MaLinhVuc>20704</MaLinhVuc>
  <ToChucChuTri>
    <Ten>Viện Thử nghiệm Mẫu</Ten>
    <MaDinhDanh>H26.99.01</MaDinhDanh>
  </ToChucChuTri>
  <MaTinh>{province}</MaTinh>
  <CapQuanLy>tinh</CapQuanLy>
  <ChuNhiem>
    <HoVaTen>{PERSON}</HoVaTen>
    <SoDinhDanh>{PERSON_NUMBER}</SoDinhDanh>
  </ChuNhiem>
  <ThanhVien/>
  <NoiDungChinh>Một nội dung.</NoiDungChinh>
  <SanPham>
    <Muc Loai="phan-mem" SoLuong="1" DaDangKyBaoHo="false">Phần mềm mẫu</Muc>
  </SanPham>
  <ThoiGianBatDau>2026-01-05</ThoiGianBatDau>
  <ThoiGianKetThuc xsi:nil="true"/>
  <KinhPhi>2450000000</KinhPhi>
  <TinhTrang>da-ung-dung</TinhTrang>
  <UngDung>
    <ThoiGianBatDau>2026-06-01</ThoiGianBatDau>
    <HieuQuaKinhTe>
      <GiaTri>12.50</GiaTri>
    </HieuQuaKinhTe>
  </UngDung>
</NhiemVu>
"#
    )
}
