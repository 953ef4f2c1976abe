"""What GDAL makes of files, asked by gdal.rs. It carries its own PROJ and EPSG dataset.

judge.py read FOLDER          every file: its reference system, and each geometry as it stands and in CRS84
judge.py write FOLDER OUT     every GML file of one geometry field, written again in GDAL's own ways
judge.py move FOLDER FROM TO  every position of points.geojson, taken to be in FROM, moved to TO

Positions come east (or easting) first, whatever the order of the file: so GDAL gives them. Results are
JSON on standard output.
"""
import html
import json
import pathlib
import sqlite3
import struct
import sys

import pyogrio

pyogrio.set_gdal_config_options({'GML_ATTRIBUTES_TO_OGR_FIELDS': 'YES'})

# Layer options for GDAL's writers, and the suffix of what they make.
OURS = {'TARGET_NAMESPACE': 'urn:lienthong:dataset:hinh-hoc:1', 'PREFIX': 'd'}
WAYS = {
    'urn.gml': ('GML', {'FORMAT': 'GML3.2', **OURS}),
    'url.gml': ('GML', {'FORMAT': 'GML3.2', 'SRSNAME_FORMAT': 'OGC_URL', **OURS}),
    'short.gml': ('GML', {'FORMAT': 'GML3.2', 'SRSNAME_FORMAT': 'SHORT', **OURS}),
    'older.gml': ('GML', {'FORMAT': 'GML3', **OURS}),
    'rfc.geojson': ('GeoJSON', {'RFC7946': 'YES', 'COORDINATE_PRECISION': '9'}),
    'plain.geojson': ('GeoJSON', {'COORDINATE_PRECISION': '9'}),
    'fg.jsonfg': ('JSONFG', {'COORDINATE_PRECISION_GEOMETRY': '9', 'COORDINATE_PRECISION_PLACE': '9'}),
}


def coordinates(wkb):
    """The coordinates of a geometry as GeoJSON nests them; nothing of a feature that has none."""
    if wkb is None:
        return None
    at = 0

    def take(form):
        nonlocal at
        found = struct.unpack_from('<' + form, wkb, at)
        at += struct.calcsize('<' + form)
        return found

    def positions():
        return [list(take('dd')) for _ in range(take('I')[0])]

    def geometry():
        order, kind = take('BI')
        assert order == 1, order
        if kind == 1:
            return list(take('dd'))
        if kind == 2:
            return positions()
        if kind == 3:
            return [positions() for _ in range(take('I')[0])]
        assert kind in (4, 5, 6), kind
        return [geometry() for _ in range(take('I')[0])]

    found = geometry()
    assert at == len(wkb), (at, len(wkb))
    return found


def read(path, **options):
    meta, _, geometries, data = pyogrio.raw.read(str(path), **options)
    return meta, geometries, data


def epsg_6960():
    """VN-2000 with EPSG:6960 bound to it, as the dataset that GDAL carries has it.

    Left to itself PROJ takes EPSG:5194 in the Mekong delta, which a project there used; it is 0.8 m away.
    """
    with sqlite3.connect(pathlib.Path(pyogrio.__file__).parent / 'proj_data' / 'proj.db') as dataset:
        row = dataset.execute(
            "select tx, ty, tz, rx, ry, rz, scale_difference, method_code, method_auth_name from"
            " helmert_transformation where auth_name = 'EPSG' and code = '6960'").fetchone()
    *terms, method, authority = row
    # Coordinate frame; `towgs84` has the rotations of the position vector.
    assert (authority, str(method)) == ('EPSG', '9607'), row
    terms[3:6] = [-term for term in terms[3:6]]
    return '+proj=longlat +ellps=WGS84 +no_defs +towgs84=' + ','.join(repr(term) for term in terms)


def is_vn2000(crs):
    return crs.startswith('EPSG:') and crs != 'EPSG:4326'


def moved(path, source, target):
    """Every geometry of a file in `source`, moved to `target`: between the datums by EPSG:6960."""
    steps = []
    if is_vn2000(source):
        steps += [(source, 'EPSG:4756'), (epsg_6960(), target)]
    elif is_vn2000(target):
        steps += [(source, epsg_6960()), ('EPSG:4756', target)]
    else:
        steps += [(source, target)]
    layer = html.escape(pyogrio.list_layers(str(path))[0][0])
    of = path
    for number, (here, there) in enumerate(steps):
        vrt = pathlib.Path(f'{path}.{number}.vrt')
        vrt.write_text(
            f'<OGRVRTDataSource><OGRVRTWarpedLayer><OGRVRTLayer name="{layer}"><SrcDataSource>{of}</SrcDataSource>'
            f'</OGRVRTLayer><SrcSRS>{html.escape(here)}</SrcSRS><TargetSRS>{there}</TargetSRS></OGRVRTWarpedLayer>'
            '</OGRVRTDataSource>')
        of = vrt
    _, geometries, _ = read(of, columns=[])
    return geometries


def main():
    what, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    files = sorted(file for file in folder.iterdir() if file.suffix in ('.gml', '.geojson', '.jsonfg'))
    if what == 'read':
        told = {}
        for file in files:
            meta, geometries, _ = read(file, columns=[])
            told[file.name] = {
                'crs': meta['crs'],
                'native': [coordinates(wkb) for wkb in geometries],
                'wgs84': [coordinates(wkb) for wkb in moved(file, meta['crs'], 'OGC:CRS84')],
            }
        print(json.dumps(told))
    elif what == 'write':
        out = pathlib.Path(sys.argv[3])
        for file in files:
            # As somebody would who wants the fields and not what GML says of its features.
            meta, geometries, data = read(file, EXPOSE_GML_ID='NO', EXPOSE_FID='NO')
            for suffix, (driver, options) in WAYS.items():
                crs = meta['crs']
                if driver == 'GeoJSON':
                    crs = 'OGC:CRS84'
                    geometries_out = moved(file, meta['crs'], 'OGC:CRS84')
                else:
                    geometries_out = geometries
                pyogrio.raw.write(
                    str(out / f'{file.stem}.{suffix}'), geometries_out, field_data=list(data),
                    fields=list(meta['fields']), geometry_type=meta['geometry_type'], crs=crs, driver=driver,
                    layer='Hinh', **options)
    elif what == 'move':
        found = moved(folder / 'points.geojson', sys.argv[3], sys.argv[4])
        print(json.dumps([coordinates(wkb) for wkb in found]))


main()
