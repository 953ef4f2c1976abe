<?xml version="1.0" encoding="UTF-8"?>
<TramQuanTrac xmlns="urn:lienthong:dataset:tram-quan-trac-phong-xa:1" xmlns:gml="http://www.opengis.net/gml" gml:id="r1" MaTram="TQT-99-01">
  <TenTram>Trạm vùng Mẫu (Hà Nội)</TenTram>
  <LoaiTram>tram-vung</LoaiTram>
  <TinhTrang>dang-hoat-dong</TinhTrang>
  <NgayVanHanh>2020-01-15</NgayVanHanh>
  <MaTinh>01</MaTinh>
  <ViTri>
    <gml:Point srsName="urn:ogc:def:crs:EPSG::4326">
      <gml:pos>21.02750 105.8560</gml:pos>
    </gml:Point>
  </ViTri>
  <VungBaoPhu>
    <gml:Polygon srsName="urn:ogc:def:crs:EPSG::4326">
      <gml:outerBoundaryIs>
        <gml:LinearRing>
          <gml:coordinates>20.90,105.70 20.90,106.00 21.15,106.00 21.15,105.70 20.90,105.70</gml:coordinates>
        </gml:LinearRing>
      </gml:outerBoundaryIs>
    </gml:Polygon>
  </VungBaoPhu>
  <DonViVanHanh>
    <Ten>Viện Thử nghiệm Mẫu</Ten>
    <MaSoThue>9999000005</MaSoThue>
  </DonViVanHanh>
  <NoiDungQuanTrac>
    <MucQuanTrac DaiLuong="suat-lieu-gamma">
      <DonVi>nSv/h</DonVi>
      <LienTuc>true</LienTuc>
    </MucQuanTrac>
    <MucQuanTrac DaiLuong="hoat-do-son-khi">
      <DonVi>Bq/m³</DonVi>
      <LienTuc>false</LienTuc>
    </MucQuanTrac>
  </NoiDungQuanTrac>
</TramQuanTrac>
