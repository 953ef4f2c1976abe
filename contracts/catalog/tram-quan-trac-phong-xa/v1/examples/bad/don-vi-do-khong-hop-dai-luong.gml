<?xml version="1.0" encoding="UTF-8"?>
<TramQuanTrac xmlns="urn:lienthong:dataset:tram-quan-trac-phong-xa:1" xmlns:gml="http://www.opengis.net/gml/3.2" gml:id="r1" MaTram="TQT-99-01">
  <TenTram>Trạm vùng Mẫu (Hà Nội)</TenTram>
  <LoaiTram>tram-vung</LoaiTram>
  <TinhTrang>dang-hoat-dong</TinhTrang>
  <NgayVanHanh>2020-01-15</NgayVanHanh>
  <MaTinh>01</MaTinh>
  <ViTri>
    <gml:Point gml:id="g1" srsName="http://www.opengis.net/def/crs/OGC/1.3/CRS84">
      <gml:pos>105.8560 21.02750</gml:pos>
    </gml:Point>
  </ViTri>
  <VungBaoPhu>
    <gml:Polygon gml:id="g2" srsName="http://www.opengis.net/def/crs/OGC/1.3/CRS84">
      <gml:exterior>
        <gml:LinearRing>
          <gml:posList>105.70 20.90 106.00 20.90 106.00 21.15 105.70 21.15 105.70 20.90</gml:posList>
        </gml:LinearRing>
      </gml:exterior>
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
      <DonVi>nSv/h</DonVi>
      <LienTuc>false</LienTuc>
    </MucQuanTrac>
  </NoiDungQuanTrac>
</TramQuanTrac>
