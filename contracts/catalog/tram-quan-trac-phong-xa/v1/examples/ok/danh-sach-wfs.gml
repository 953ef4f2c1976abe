<?xml version="1.0" encoding="UTF-8"?>
<wfs:FeatureCollection xmlns="urn:lienthong:dataset:tram-quan-trac-phong-xa:1" xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:wfs="http://www.opengis.net/wfs/2.0" timeStamp="2026-11-01T00:00:00Z" numberMatched="5" numberReturned="5">
  <wfs:boundedBy>
    <gml:Envelope srsName="urn:ogc:def:crs:EPSG::4326">
      <gml:lowerCorner>9 103</gml:lowerCorner>
      <gml:upperCorner>23 110</gml:upperCorner>
    </gml:Envelope>
  </wfs:boundedBy>
  <wfs:member>
    <TramQuanTrac gml:id="r1" MaTram="TQT-99-01">
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
          <DonVi>Bq/m³</DonVi>
          <LienTuc>false</LienTuc>
        </MucQuanTrac>
      </NoiDungQuanTrac>
    </TramQuanTrac>
  </wfs:member>
  <wfs:member>
    <TramQuanTrac gml:id="r2" MaTram="TQT-99-02">
      <TenTram>Trạm cơ sở Mẫu (Khánh Hòa)</TenTram>
      <LoaiTram>tram-co-so</LoaiTram>
      <TinhTrang>tam-dung</TinhTrang>
      <NgayVanHanh>2021-09-02</NgayVanHanh>
      <MaTinh>56</MaTinh>
      <ViTri>
        <gml:Point gml:id="g3" srsName="http://www.opengis.net/def/crs/EPSG/0/4326">
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
  </wfs:member>
  <wfs:member>
    <TramQuanTrac gml:id="r3" MaTram="TQT-99-03">
      <TenTram>Trạm địa phương Mẫu (Lào Cai)</TenTram>
      <LoaiTram>tram-dia-phuong</LoaiTram>
      <TinhTrang>ngung-hoat-dong</TinhTrang>
      <NgayVanHanh>2012-06-01</NgayVanHanh>
      <NgayNgung>2025-06-30</NgayNgung>
      <MaTinh>15</MaTinh>
      <ViTri>
        <gml:Point gml:id="g4" srsName="http://www.opengis.net/def/crs/EPSG/0/4756">
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
  </wfs:member>
  <wfs:member>
    <TramQuanTrac gml:id="r4" MaTram="TQT-99-04">
      <TenTram>Trạm cơ sở Mẫu (Đà Nẵng)</TenTram>
      <LoaiTram>tram-co-so</LoaiTram>
      <TinhTrang>dang-hoat-dong</TinhTrang>
      <NgayVanHanh>2019-03-01</NgayVanHanh>
      <MaTinh>48</MaTinh>
      <ViTri>
        <gml:Point gml:id="g5" srsName="http://www.opengis.net/def/crs/EPSG/0/5899">
          <gml:pos>549850.250 1777330.50</gml:pos>
        </gml:Point>
      </ViTri>
      <VungBaoPhu>
        <gml:MultiSurface gml:id="g6" srsName="http://www.opengis.net/def/crs/EPSG/0/5899">
          <gml:surfaceMember>
            <gml:Polygon gml:id="g6.1">
              <gml:exterior>
                <gml:LinearRing>
                  <gml:posList>545000 1773000 555000 1773000 555000 1782000 545000 1773000</gml:posList>
                </gml:LinearRing>
              </gml:exterior>
            </gml:Polygon>
          </gml:surfaceMember>
          <gml:surfaceMember>
            <gml:Polygon gml:id="g6.2">
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
  </wfs:member>
  <wfs:member>
    <TramQuanTrac gml:id="r5" MaTram="TQT-99-05">
      <TenTram>Trạm địa phương Mẫu (Cà Mau)</TenTram>
      <LoaiTram>tram-dia-phuong</LoaiTram>
      <TinhTrang>dang-xay-dung</TinhTrang>
      <MaTinh>96</MaTinh>
      <ViTri>
        <gml:Point gml:id="g7" srsName="http://www.opengis.net/def/crs/EPSG/0/3405">
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
  </wfs:member>
</wfs:FeatureCollection>
