<?xml version="1.0" encoding="UTF-8"?>
<TramQuanTrac xmlns="urn:lienthong:dataset:tram-quan-trac-phong-xa:1" xmlns:gml="http://www.opengis.net/gml/3.2" gml:id="r1" MaTram="TQT-99-04">
  <TenTram>Trạm cơ sở Mẫu (Đà Nẵng)</TenTram>
  <LoaiTram>tram-co-so</LoaiTram>
  <TinhTrang>dang-hoat-dong</TinhTrang>
  <NgayVanHanh>2019-03-01</NgayVanHanh>
  <MaTinh>48</MaTinh>
  <ViTri>
    <gml:Point gml:id="g1" srsName="http://www.opengis.net/def/crs/EPSG/0/5899">
      <gml:pos>1777330.50 549850.250</gml:pos>
    </gml:Point>
  </ViTri>
  <VungBaoPhu>
    <gml:MultiSurface gml:id="g2" srsName="http://www.opengis.net/def/crs/EPSG/0/5899">
      <gml:surfaceMember>
        <gml:Polygon gml:id="g2.1">
          <gml:exterior>
            <gml:LinearRing>
              <gml:posList>545000 1773000 555000 1773000 555000 1782000 545000 1773000</gml:posList>
            </gml:LinearRing>
          </gml:exterior>
        </gml:Polygon>
      </gml:surfaceMember>
      <gml:surfaceMember>
        <gml:Polygon gml:id="g2.2">
          <gml:exterior>
            <gml:LinearRing>
              <gml:posList>556000 1773000.0 558000 1773000 558000 1775000 556000 1775000 556000 1773000</gml:posList>
            </gml:LinearRing>
          </gml:exterior>
          <gml:interior>
            <gml:LinearRing>
              <gml:posList>556500 1773500 556500 1774500 557500 1774500 556500 1773500</gml:posList>
            </gml:LinearRing>
          </gml:interior>
        </gml:Polygon>
      </gml:surfaceMember>
    </gml:MultiSurface>
  </VungBaoPhu>
  <DonViVanHanh>
    <Ten>Trung tâm Quan trắc Mẫu</Ten>
    <MaDinhDanh>G06.99.03</MaDinhDanh>
  </DonViVanHanh>
  <NoiDungQuanTrac>
    <MucQuanTrac DaiLuong="hoat-do-nuoc">
      <DonVi>Bq/l</DonVi>
    </MucQuanTrac>
  </NoiDungQuanTrac>
</TramQuanTrac>
