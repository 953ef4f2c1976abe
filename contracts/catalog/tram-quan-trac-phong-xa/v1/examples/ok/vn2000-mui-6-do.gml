<?xml version="1.0" encoding="UTF-8"?>
<TramQuanTrac xmlns="urn:lienthong:dataset:tram-quan-trac-phong-xa:1" xmlns:gml="http://www.opengis.net/gml/3.2" gml:id="r1" MaTram="TQT-99-05">
  <TenTram>Trạm địa phương Mẫu (Cà Mau)</TenTram>
  <LoaiTram>tram-dia-phuong</LoaiTram>
  <TinhTrang>dang-xay-dung</TinhTrang>
  <MaTinh>96</MaTinh>
  <ViTri>
    <gml:Point gml:id="g1" srsName="http://www.opengis.net/def/crs/EPSG/0/3405">
      <gml:pos>516542.18 1014553.70</gml:pos>
    </gml:Point>
  </ViTri>
  <DonViVanHanh>
    <Ten>Trung tâm Quan trắc Mẫu</Ten>
    <MaDinhDanh>G06.99.03</MaDinhDanh>
  </DonViVanHanh>
  <NoiDungQuanTrac>
    <MucQuanTrac DaiLuong="suat-lieu-gamma">
      <DonVi>nGy/h</DonVi>
    </MucQuanTrac>
    <MucQuanTrac DaiLuong="hoat-do-dat">
      <DonVi>Bq/kg</DonVi>
    </MucQuanTrac>
  </NoiDungQuanTrac>
</TramQuanTrac>
