"""Calls a running gateway as any system with a SOAP toolkit would: knows its address, has a certificate, and
learns everything else from the WSDL that it is served.
"""
import datetime
import decimal
import sys

import requests
import zeep
from zeep import xsd

address, authority, certificate, key, number = sys.argv[1:6]
session = requests.Session()
# Only what is given: not what the machine trusts otherwise.
session.trust_env = False
session.verify, session.cert = authority, (certificate, key)
served = session.get(f'{address}?WSDL', timeout=30)
assert served.status_code == 200 and served.headers['content-type'].startswith('text/xml'), served.headers
client = zeep.Client(f'{address}?wsdl', transport=zeep.Transport(session=session, operation_timeout=30))
[service] = client.wsdl.services
assert client.wsdl.services[service].ports['Soap11'].binding_options['address'] == address
stated = client.get_element('{urn:lienthong:soap:1}Exchange')
problem = '{urn:ietf:rfc:7807}'


def saying(**words):
    return [stated(**words)]


def refused(call, kind):
    try:
        call()
    except zeep.exceptions.Fault as fault:
        [told] = fault.detail.findall(problem + 'problem')
        # The detail is what the WSDL declares.
        parsed = client.get_element(problem + 'problem').parse(told, client.wsdl.types)
        assert parsed.type == 'urn:lienthong:problem:' + kind, (parsed.type, kind)
        assert parsed.title and parsed.detail and parsed.exchange and fault.message
        return parsed
    raise AssertionError(f'{kind}: it was answered')


for port in ('Soap11', 'Soap12'):
    proxy = client.bind(service, port)
    own = f'{number}-{port}'
    task = {
        'MaSo': own,
        'TenNhiemVu': 'Nhiệm vụ mẫu <thử> & kiểm chứng',
        'MaLinhVuc': '20704',
        'ToChucChuTri': {'Ten': 'Viện Thử nghiệm Mẫu', 'MaDinhDanh': 'H26.99.01'},
        'MaTinh': '01',
        'CapQuanLy': 'tinh',
        'ChuNhiem': {'HoVaTen': 'Lý Thị Hư Cấu', 'SoDinhDanh': '001191000041'},
        'ThanhVien': {},
        'NoiDungChinh': ['Một nội dung.', 'Hai nội dung.'],
        'SanPham': {'Muc': [{'Loai': 'phan-mem', 'SoLuong': 1, 'DaDangKyBaoHo': False, '_value_1': 'Phần mềm mẫu'}]},
        'ThoiGianBatDau': datetime.date(2026, 1, 5),
        'ThoiGianKetThuc': xsd.Nil,
        'KinhPhi': 2450000000,
        'TinhTrang': 'da-ung-dung',
        'UngDung': {'ThoiGianBatDau': datetime.date(2026, 6, 1), 'HieuQuaKinhTe': {'GiaTri': decimal.Decimal('12.50')}},
    }
    writing = saying(Purpose='cap-nhat-du-lieu', User='cb-0042')
    reading = saying(Purpose='quan-ly-nhiem-vu')

    proxy.SubmitNhiemVu(NhiemVu=task, _soapheaders=writing)
    [found] = [proxy.ReadNhiemVu(id=own, _soapheaders=reading)]
    assert (found.MaSo, found.MaLinhVuc, found.MaTinh) == (own, '20704', '01'), found
    assert found.TenNhiemVu == task['TenNhiemVu']
    assert found.ChuNhiem.SoDinhDanh == '001191000041'
    assert found.NoiDungChinh == task['NoiDungChinh']
    [product] = found.SanPham.Muc
    assert (product._value_1, product.SoLuong, product.DaDangKyBaoHo) == ('Phần mềm mẫu', 1, False), product
    assert found.ThoiGianBatDau == datetime.date(2026, 1, 5) and found.ThoiGianKetThuc is None
    assert found.KinhPhi == 2450000000 and str(found.UngDung.HieuQuaKinhTe.GiaTri) == '12.50'

    listed = proxy.QueryNhiemVu(MaSo=own, _soapheaders=reading)
    assert [record.MaSo for record in listed] == [own], listed
    several = proxy.QueryNhiemVu(MaLinhVuc='20704', limit=2, _soapheaders=reading)
    assert len(several) == 2, several

    refused(lambda: proxy.ReadNhiemVu(id=own), 'purpose-missing')
    refused(lambda: proxy.ReadNhiemVu(id='KHONG-CO', _soapheaders=reading), 'record-not-found')
    refused(lambda: proxy.SubmitNhiemVu(NhiemVu=task, _soapheaders=writing), 'provider-conflict')
    # What the schema says and zeep does not check: the gateway does, and says where.
    wrong = {**task, 'MaSo': own + '-x', 'MaLinhVuc': 'abc'}
    told = refused(lambda: proxy.SubmitNhiemVu(NhiemVu=wrong, _soapheaders=writing), 'contract-violation')
    assert [violation.path for violation in told.violations.i] == ['/MaLinhVuc'], told
print('called')
