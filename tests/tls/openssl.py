#!/usr/bin/env python3
"""A server over TLS as openssl s_client and curl see it: what is agreed on, resumed, stapled and refused.

  openssl.py --server build/debug/bin/tls_all --reactor epoll
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from catch_all import SKIPPED, Server  # noqa: E402

REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
failures = []


def check(holds, what, seen=''):
    if not holds:
        failures.append(what)
        print(f'FAILED: {what}\n{seen}')


def openssl(*words, text='', timeout=20):
    done = subprocess.run(['openssl', *words], input=text, capture_output=True, text=True, timeout=timeout)
    return done.stdout + done.stderr


class Authority:
    """A root, and certificates that lead to it."""

    def __init__(self, folder):
        self.folder = folder
        openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                '-days', '2', '-subj', '/CN=root', '-keyout', self.at('root.key'),
                '-out', self.at('root.pem'))

    def at(self, name):
        return os.path.join(self.folder, name)

    def issue(self, name, names, kind='ec'):
        new = ['-newkey', 'rsa:2048'] if kind == 'rsa' else ['-newkey', 'ec', '-pkeyopt',
                                                             'ec_paramgen_curve:P-256']
        alternatives = ','.join(f'DNS:{n}' for n in names)
        openssl('req', *new, '-nodes', '-subj', f'/CN={names[0]}', '-keyout', self.at(f'{name}.key'),
                '-out', self.at(f'{name}.csr'), '-addext', f'subjectAltName={alternatives}')
        openssl('x509', '-req', '-days', '2', '-in', self.at(f'{name}.csr'), '-CA', self.at('root.pem'),
                '-CAkey', self.at('root.key'), '-CAcreateserial', '-copy_extensions', 'copy',
                '-out', self.at(f'{name}.pem'))

    def staple(self, name):
        """An OCSP response in which the certificate is good."""
        serial = openssl('x509', '-in', self.at(f'{name}.pem'), '-noout', '-serial').strip().split('=')[1]
        with open(self.at('index.txt'), 'w') as index:
            index.write(f'V\t351231235959Z\t\t{serial}\tunknown\t/CN={name}\n')
        openssl('ocsp', '-issuer', self.at('root.pem'), '-cert', self.at(f'{name}.pem'),
                '-reqout', self.at('ocsp.req'))
        openssl('ocsp', '-index', self.at('index.txt'), '-CA', self.at('root.pem'), '-rsigner',
                self.at('root.pem'), '-rkey', self.at('root.key'), '-reqin', self.at('ocsp.req'),
                '-respout', self.at(f'{name}.ocsp'), '-ndays', '2')


class Client:
    def __init__(self, server, authority):
        self.where = ['-connect', f'127.0.0.1:{server.port}', '-CAfile', authority.at('root.pem')]

    def ask(self, *words, text=REQUEST):
        return openssl('s_client', *self.where, '-ign_eof', *words, text=text)


def check_agreement(client):
    seen = client.ask('-servername', 'localhost', '-alpn', 'h3,http/1.1')
    check('ALPN protocol: http/1.1' in seen, 'ALPN is http/1.1', seen)
    check('Verify return code: 0 (ok)' in seen, 'the chain is verified', seen)
    check('TLSv1.3 host=localhost' in seen, 'the handler sees version and name', seen)
    check('Strict-Transport-Security: max-age=31536000' in seen, 'HSTS is told', seen)
    check('Server Temp Key: X25519' in seen, 'X25519 is preferred', seen)
    check('Secure Renegotiation IS NOT supported' in seen, 'TLS 1.3 has none', seen)
    seen = client.ask('-alpn', 'h3')
    check('no application protocol' in seen, 'no common protocol is an alert', seen)
    seen = client.ask('-tls1_2', '-servername', 'localhost')
    check('TLSv1.2 host=localhost' in seen, 'TLS 1.2 is spoken', seen)
    for old in ('-tls1', '-tls1_1'):
        seen = client.ask(old, '-cipher', 'ALL:@SECLEVEL=0')
        check('Cipher is (NONE)' in seen and 'protocol version' in seen, f'{old} is refused', seen)
    for weak in ('AES128-SHA', 'ECDHE-ECDSA-AES128-SHA', 'DHE-RSA-AES128-GCM-SHA256', 'AES128-GCM-SHA256'):
        seen = client.ask('-tls1_2', '-cipher', weak)
        check('Cipher is (NONE)' in seen, f'{weak} is refused', seen)


def check_names(client):
    for name, common in (('localhost', 'localhost'), ('example.org', 'example.org'),
                         ('a.example.org', 'example.org'), ('a.b.example.org', 'localhost'),
                         ('rsa.test', 'rsa.test'), ('nobody.test', 'localhost')):
        seen = client.ask('-servername', name)
        check(f'subject=CN = {common}' in seen, f'{name} is shown the certificate of {common}', seen)
    seen = client.ask('-noservername')
    check('subject=CN = localhost' in seen, 'without a name the first certificate is shown', seen)


def check_resumption(client, authority):
    for version in ('-tls1_2', '-tls1_3'):
        session = authority.at('session' + version)
        seen = client.ask(version, '-servername', 'localhost', '-sess_out', session)
        check('New, TLS' in seen, 'a first session is new', seen)
        for _ in range(3):
            seen = client.ask(version, '-servername', 'localhost', '-sess_in', session)
            check('Reused, TLS' in seen, f'a session is resumed {version}', seen)
            check('HTTP/1.1 200 OK' in seen, 'a resumed session is served', seen)


def check_staple(client):
    seen = client.ask('-servername', 'localhost', '-status')
    check('OCSP Response Status: successful' in seen and 'Cert Status: good' in seen, 'OCSP is stapled', seen)
    seen = client.ask('-servername', 'rsa.test', '-status')
    check('OCSP response: no response sent' in seen, 'no response is stapled where none is given', seen)


def check_key_types(client):
    """Of two certificates for a name the client is shown the one whose signature it can check."""
    suites = {'ECDSA': 'ECDHE-ECDSA-AES128-GCM-SHA256', 'RSA-PSS': 'ECDHE-RSA-AES128-GCM-SHA256'}
    for version in ('-tls1_2', '-tls1_3'):
        for name, signature, algorithm in (('both.test', 'ECDSA', 'ECDSA+SHA256'),
                                           ('both.test', 'RSA-PSS', 'RSA-PSS+SHA256'),
                                           ('www.both.test', 'RSA-PSS', 'rsa_pss_rsae_sha256')):
            suite = ('-cipher', suites[signature]) if version == '-tls1_2' else ()
            seen = client.ask(version, '-servername', name, '-sigalgs', algorithm, '-status', *suite)
            what = f'{name} {version} with {algorithm}'
            check(f'Peer signature type: {signature}\n' in seen, f'{signature} is chosen for {what}', seen)
            check('subject=CN = both.test' in seen and 'Verify return code: 0' in seen, what, seen)
            has_staple = 'OCSP Response Status: successful' in seen
            check(has_staple == (signature == 'RSA-PSS'), f'the staple is of the certificate: {what}', seen)
    seen = client.ask('-servername', 'both.test', '-sigalgs', 'ed25519')
    check('Cipher is (NONE)' in seen, 'a client that can check neither is refused', seen)


def check_renegotiation(client):
    process = subprocess.Popen(['openssl', 's_client', *client.where, '-tls1_2'], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    process.stdin.write('R\n')
    process.stdin.flush()
    try:
        seen = process.communicate(timeout=10)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        seen = process.communicate()[0]
    check('no renegotiation' in seen, 'renegotiation is refused', seen)


def check_curl(server, authority):
    if not shutil.which('curl'):
        return print('curl is not installed: not tried')
    url = f'https://localhost:{server.port}/'
    words = ['curl', '-sS', '--http1.1', '--cacert', authority.at('root.pem'), '--resolve',
             f'localhost:{server.port}:127.0.0.1']
    done = subprocess.run([*words, *[url] * 50], capture_output=True, text=True, timeout=30)
    answers = done.stdout.count('TLSv1.3 host=localhost')
    check(answers == 50, 'curl is answered 50 times', done.stdout + done.stderr)
    done = subprocess.run([*words, '--tls-max', '1.2', url], capture_output=True, text=True, timeout=30)
    check('TLSv1.2' in done.stdout, 'curl is answered with TLS 1.2', done.stderr)
    done = subprocess.run(['curl', '-sS', url], capture_output=True, text=True, timeout=30)
    check(done.returncode == 60, 'curl does not trust a root that it does not know', done.stderr)


def check_client_certificates(options, authority):
    server = Server(options.server, options.reactor, f'certificate={authority.at("localhost.pem")},'
                    f'{authority.at("localhost.key")}', f'client=required,{authority.at("root.pem")}')
    client = Client(server, authority)
    own = ('-cert', authority.at('alice.pem'), '-key', authority.at('alice.key'))
    for version in ('-tls1_2', '-tls1_3'):
        seen = client.ask(version, *own)
        check('client=CN=alice' in seen, f'the handler knows who asks {version}', seen)
        check('Acceptable client certificate CA names' in seen, 'the roots are named', seen)
        seen = client.ask(version)
        is_refused = 'client=' not in seen and 'alert' in seen
        check(is_refused, f'without a certificate nothing is told {version}', seen)
    check(server.stop(), 'the server ends')


def check_watch(client, authority):
    """New certificates are shown after the files have changed, and nobody told the server."""
    before = client.ask('-servername', 'localhost')
    number = re.search(r'-----BEGIN.*?-----END', before, re.S)
    authority.issue('localhost', ['localhost'])
    for _ in range(200):
        seen = client.ask('-servername', 'localhost')
        found = re.search(r'-----BEGIN.*?-----END', seen, re.S)
        if found and found[0] != number[0]:
            return
        time.sleep(0.02)
    check(False, 'a certificate that changed is shown', seen)


def main():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument('--server', required=True)
    parser.add_argument('--reactor', required=True)
    options = parser.parse_args()
    if not shutil.which('openssl'):
        print('skipped: there is no openssl command')
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(folder)
        authority.issue('localhost', ['localhost'])
        authority.issue('example', ['example.org', '*.example.org'])
        authority.issue('rsa', ['rsa.test'], 'rsa')
        authority.issue('alice', ['alice'])
        for kind in ('ec', 'rsa'):
            authority.issue(f'both_{kind}', ['both.test', '*.both.test'], kind)
        authority.staple('localhost')
        authority.staple('both_rsa')
        at = authority.at
        server = Server(options.server, options.reactor,
                        f'certificate={at("localhost.pem")},{at("localhost.key")},{at("localhost.ocsp")}',
                        f'certificate={at("example.pem")},{at("example.key")}',
                        f'certificate={at("rsa.pem")},{at("rsa.key")}',
                        f'certificate={at("both_ec.pem")},{at("both_ec.key")}',
                        f'certificate={at("both_rsa.pem")},{at("both_rsa.key")},{at("both_rsa.ocsp")}',
                        threads=2)
        client = Client(server, authority)
        check_agreement(client)
        check_names(client)
        check_resumption(client, authority)
        check_staple(client)
        check_key_types(client)
        check_renegotiation(client)
        check_curl(server, authority)
        check_client_certificates(options, authority)
        check_watch(client, authority)
        check(server.stop(), 'the server ends')
    print('failed:' if failures else 'all as it should be', *failures, sep='\n  ')
    sys.exit(1 if failures else 0)


if __name__ == '__main__':
    main()
