<?xml version="1.0" encoding="UTF-8"?>
<TramQuanTrac xmlns="urn:lienthong:dataset:tram-quan-trac-phong-xa:1" xmlns:gml="http://www.opengis.net/gml/3.2" gml:id="r1" MaTram="TQT-99-02">
  <TenTram>Trạm cơ sở Mẫu (Khánh Hòa)</TenTram>
  <LoaiTram>tram-co-so</LoaiTram>
  <TinhTrang>tam-dung</TinhTrang>
  <NgayVanHanh>2021-09-02</NgayVanHanh>
  <MaTinh>56</MaTinh>
  <ViTri>
    <gml:Point gml:id="g1" srsName="http://www.opengis.net/def/crs/EPSG/0/4326">
      <gml:pos>12.2400 109.190</gml:pos>
    </gml:Point>
  </ViTri>
  <DonViVanHanh>
    <Ten>Trung tâm Quan trắc Mẫu</Ten>
    <MaDinhDanh>G06.99.03</MaDinhDanh>
  </DonViVanHanh>
  <NoiDungQuanTrac>
    <MucQuanTrac DaiLuong="suat-lieu-gamma">
      <DonVi>µSv/h</DonVi>
    </MucQuanTrac>
  </NoiDungQuanTrac>
</TramQuanTrac>
