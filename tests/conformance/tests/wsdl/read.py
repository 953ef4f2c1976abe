"""Reads every WSDL of a folder with zeep, xmlschema and xmllint, and holds the catalogue's XML examples
against what it says of messages. Prints how many documents, messages, good and bad examples there were.
"""
import pathlib
import subprocess
import sys
import warnings

warnings.simplefilter('ignore')
import zeep
from lxml import etree
from xmlschema.extras.wsdl import Wsdl11Document

XS = '{http://www.w3.org/2001/XMLSchema}'
WSDL = '{http://schemas.xmlsoap.org/wsdl/}'


def schema_files(root, folder):
    """The schemas of `wsdl:types` as files for xmllint, which looks for imports in files only."""
    schemas = {schema.get('targetNamespace'): schema for schema in root.iter(XS + 'schema')}
    place = {namespace: folder / f'{index}.xsd' for index, namespace in enumerate(schemas)}
    for namespace, schema in schemas.items():
        for imported in schema.iter(XS + 'import'):
            if imported.get('namespace') in place:
                imported.set('schemaLocation', str(place[imported.get('namespace')]))
        place[namespace].write_bytes(etree.tostring(schema))
    return place


def passes(schema, message, folder):
    document = folder / 'message.xml'
    document.write_bytes(message)
    ended = subprocess.run(['xmllint', '--noout', '--nonet', '--schema', schema, document], capture_output=True)
    assert ended.returncode in (0, 3), ended.stderr  # 5: the schema itself
    return ended.returncode == 0


folder, catalog = map(pathlib.Path, sys.argv[1:3])
read = good = bad = messages = 0
for file in sorted(folder.glob('*.wsdl')):
    client = zeep.Client(str(file))
    [service] = client.wsdl.services.values()
    assert sorted(service.ports) == ['Soap11', 'Soap12'], file.name
    operations = service.ports['Soap11'].binding._operations
    assert operations, file.name
    root = etree.parse(str(file)).getroot()
    namespace = root.get('targetNamespace')
    scratch = folder / file.stem
    scratch.mkdir()
    [schema] = [path for name, path in schema_files(root, scratch).items() if name == namespace]
    # xmlschema reads bindings of SOAP 1.1 alone; zeep has read both.
    older = etree.parse(str(file))
    for name in ('binding', 'port'):
        for element in older.getroot().findall(f'.//{WSDL}{name}[@name="Soap12"]'):
            element.getparent().remove(element)
    document = Wsdl11Document(etree.tostring(older).decode())
    read += 1
    stated = client.get_element('{urn:lienthong:soap:1}Exchange')(User='cb-01')
    for name in operations:
        if name.startswith('Read'):
            proxy = client.bind(service.name, 'Soap12')
            message = client.create_message(proxy, name, id='KC.01/21', _soapheaders=[stated])
            text = etree.tostring(message).decode()
            assert 'KC.01/21' in text and 'cb-01' in text, text
            messages += 1
    if not file.name.startswith('whole-'):
        continue
    dataset, version = file.stem.removeprefix('whole-').split('@')
    wrapper = next(name for name in operations if name.startswith(('Submit', 'Verify')))
    for kind in ('ok', 'bad'):
        for example in sorted((catalog / dataset / f'v{version}' / 'examples' / kind).glob('*.xml')):
            try:
                record = etree.parse(str(example)).getroot()
            except etree.XMLSyntaxError:
                assert kind == 'bad', example
                continue
            held = [name for name, _ in client.get_element(f'{{{namespace}}}{wrapper}').type.elements]
            if etree.QName(record).localname not in held:
                continue  # a collection, where one record is verified at a time
            message = etree.Element(f'{{{namespace}}}{wrapper}')
            message.append(record)
            whole = etree.tostring(message)
            found = list(document.schema.iter_errors(whole.decode()))
            agreed = passes(schema, whole, scratch)
            assert agreed == (not found), (file.name, example.name, found[:1])
            if kind == 'ok':
                assert not found, (file.name, example.name, found[0])
                good += 1
            elif found:
                bad += 1
print(read, messages, good, bad)
