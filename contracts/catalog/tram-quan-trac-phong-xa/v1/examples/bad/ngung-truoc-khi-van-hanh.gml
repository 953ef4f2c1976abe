<?xml version="1.0" encoding="UTF-8"?>
<TramQuanTrac xmlns="urn:lienthong:dataset:tram-quan-trac-phong-xa:1" xmlns:gml="http://www.opengis.net/gml/3.2" gml:id="r1" MaTram="TQT-99-03">
  <TenTram>Trạm địa phương Mẫu (Lào Cai)</TenTram>
  <LoaiTram>tram-dia-phuong</LoaiTram>
  <TinhTrang>ngung-hoat-dong</TinhTrang>
  <NgayVanHanh>2012-06-01</NgayVanHanh>
  <NgayNgung>2012-05-31</NgayNgung>
  <MaTinh>15</MaTinh>
  <ViTri>
    <gml:Point gml:id="g1" srsName="http://www.opengis.net/def/crs/EPSG/0/4756">
      <gml:pos>22.4850 103.9710</gml:pos>
    </gml:Point>
  </ViTri>
  <DonViVanHanh>
    <Ten>Viện Thử nghiệm Mẫu</Ten>
    <MaSoThue>9999000005</MaSoThue>
  </DonViVanHanh>
  <NoiDungQuanTrac>
    <MucQuanTrac DaiLuong="suat-lieu-gamma">
      <DonVi>nSv/h</DonVi>
      <LienTuc>true</LienTuc>
    </MucQuanTrac>
  </NoiDungQuanTrac>
</TramQuanTrac>
