<?xml version="1.0" encoding="UTF-8"?>
<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:q="urn:lienthong:dataset:tram-quan-trac-phong-xa:1" timeStamp="2026-11-01T00:00:00Z" numberMatched="4" numberReturned="4">
  <wfs:member>
    <q:TramQuanTrac gml:id="TQT-99-11" MaTram="TQT-99-11">
      <gml:boundedBy><gml:Envelope srsName="urn:ogc:def:crs:EPSG::5897"><gml:lowerCorner>588790.250 2325710.50</gml:lowerCorner><gml:upperCorner>588790.250 2325710.50</gml:upperCorner></gml:Envelope></gml:boundedBy>
      <q:TenTram>Trạm vùng Mẫu (Hà Nội)</q:TenTram>
      <q:LoaiTram>tram-vung</q:LoaiTram>
      <q:TinhTrang>dang-hoat-dong</q:TinhTrang>
      <q:NgayVanHanh>2020-01-15</q:NgayVanHanh>
      <q:MaTinh>01</q:MaTinh>
      <q:ViTri><gml:Point gml:id="TQT-99-11.p" srsName="urn:ogc:def:crs:EPSG::5897"><gml:pos>588790.250 2325710.50</gml:pos></gml:Point></q:ViTri>
      <q:VungBaoPhu><gml:Polygon gml:id="TQT-99-11.v" srsName="urn:ogc:def:crs:EPSG::5897"><gml:exterior><gml:LinearRing><gml:posList>577000 2316000 599000 2316000 599000 2336000 577000 2336000 577000 2316000</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></q:VungBaoPhu>
      <q:DonViVanHanh><q:Ten>Viện Thử nghiệm Mẫu</q:Ten><q:MaSoThue>9999000005</q:MaSoThue></q:DonViVanHanh>
      <q:NoiDungQuanTrac><q:MucQuanTrac DaiLuong="suat-lieu-gamma"><q:DonVi>nSv/h</q:DonVi><q:LienTuc>true</q:LienTuc></q:MucQuanTrac></q:NoiDungQuanTrac>
    </q:TramQuanTrac>
  </wfs:member>
  <wfs:member>
    <q:TramQuanTrac gml:id="TQT-99-12" MaTram="TQT-99-12">
      <gml:boundedBy><gml:Envelope srsName="urn:ogc:def:crs:EPSG::4756"><gml:lowerCorner>21.0285 105.8542</gml:lowerCorner><gml:upperCorner>21.0285 105.8542</gml:upperCorner></gml:Envelope></gml:boundedBy>
      <q:TenTram>Trạm cơ sở Mẫu (Hà Nội)</q:TenTram>
      <q:LoaiTram>tram-co-so</q:LoaiTram>
      <q:TinhTrang>dang-hoat-dong</q:TinhTrang>
      <q:NgayVanHanh>2020-01-15</q:NgayVanHanh>
      <q:MaTinh>01</q:MaTinh>
      <q:ViTri><gml:Point gml:id="TQT-99-12.p" srsName="urn:ogc:def:crs:EPSG::4756"><gml:pos>21.0285 105.8542</gml:pos></gml:Point></q:ViTri>
      <q:DonViVanHanh><q:Ten>Viện Thử nghiệm Mẫu</q:Ten><q:MaSoThue>9999000005</q:MaSoThue></q:DonViVanHanh>
      <q:NoiDungQuanTrac><q:MucQuanTrac DaiLuong="suat-lieu-gamma"><q:DonVi>nSv/h</q:DonVi><q:LienTuc>true</q:LienTuc></q:MucQuanTrac></q:NoiDungQuanTrac>
    </q:TramQuanTrac>
  </wfs:member>
  <wfs:member>
    <q:TramQuanTrac gml:id="TQT-99-13" MaTram="TQT-99-13">
      <gml:boundedBy><gml:Envelope srsName="urn:ogc:def:crs:EPSG::5899"><gml:lowerCorner>549850.250 1777330.50</gml:lowerCorner><gml:upperCorner>549850.250 1777330.50</gml:upperCorner></gml:Envelope></gml:boundedBy>
      <q:TenTram>Trạm cơ sở Mẫu (Đà Nẵng)</q:TenTram>
      <q:LoaiTram>tram-co-so</q:LoaiTram>
      <q:TinhTrang>dang-hoat-dong</q:TinhTrang>
      <q:NgayVanHanh>2020-01-15</q:NgayVanHanh>
      <q:MaTinh>48</q:MaTinh>
      <q:ViTri><gml:Point gml:id="TQT-99-13.p" srsName="urn:ogc:def:crs:EPSG::5899"><gml:pos>549850.250 1777330.50</gml:pos></gml:Point></q:ViTri>
      <q:DonViVanHanh><q:Ten>Viện Thử nghiệm Mẫu</q:Ten><q:MaSoThue>9999000005</q:MaSoThue></q:DonViVanHanh>
      <q:NoiDungQuanTrac><q:MucQuanTrac DaiLuong="suat-lieu-gamma"><q:DonVi>nSv/h</q:DonVi><q:LienTuc>true</q:LienTuc></q:MucQuanTrac></q:NoiDungQuanTrac>
    </q:TramQuanTrac>
  </wfs:member>
  <wfs:member>
    <q:TramQuanTrac gml:id="TQT-99-14" MaTram="TQT-99-14">
      <gml:boundedBy><gml:Envelope srsName="urn:ogc:def:crs:EPSG::4326"><gml:lowerCorner>12.2400 109.190</gml:lowerCorner><gml:upperCorner>12.2400 109.190</gml:upperCorner></gml:Envelope></gml:boundedBy>
      <q:TenTram>Trạm địa phương Mẫu (Khánh Hòa)</q:TenTram>
      <q:LoaiTram>tram-dia-phuong</q:LoaiTram>
      <q:TinhTrang>dang-hoat-dong</q:TinhTrang>
      <q:NgayVanHanh>2020-01-15</q:NgayVanHanh>
      <q:MaTinh>56</q:MaTinh>
      <q:ViTri><gml:Point gml:id="TQT-99-14.p" srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>12.2400 109.190</gml:pos></gml:Point></q:ViTri>
      <q:DonViVanHanh><q:Ten>Viện Thử nghiệm Mẫu</q:Ten><q:MaSoThue>9999000005</q:MaSoThue></q:DonViVanHanh>
      <q:NoiDungQuanTrac><q:MucQuanTrac DaiLuong="suat-lieu-gamma"><q:DonVi>nSv/h</q:DonVi><q:LienTuc>true</q:LienTuc></q:MucQuanTrac></q:NoiDungQuanTrac>
    </q:TramQuanTrac>
  </wfs:member>
</wfs:FeatureCollection>
