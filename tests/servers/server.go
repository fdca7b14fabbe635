// A mutual-TLS server on Go's net/http: answers "hello from go".
//
// usage: go-server KEY=VALUE...   port, chain, key, trust, version (1.2|1.3); and where they are wanted:
// names: a file of CAs, named to clients in place of those trusted; crl: a file; rule: the only common name that is answered
// other than 403; suite: the only suite of TLS 1.2, by its number; plain: no TLS
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

var arguments = map[string]string{}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func read(file string) []byte {
	text, err := os.ReadFile(file)
	fail(err)
	return text
}

func pool(file string) *x509.CertPool {
	result := x509.NewCertPool()
	result.AppendCertsFromPEM(read(file))
	return result
}

func revocationLists(file string) (lists []*x509.RevocationList) {
	for block, rest := pem.Decode(read(file)); block != nil; block, rest = pem.Decode(rest) {
		list, err := x509.ParseRevocationList(block.Bytes)
		fail(err)
		lists = append(lists, list)
	}
	return lists
}

// crypto/tls knows no CRLs: programs look for themselves.
func notRevoked(lists []*x509.RevocationList) func([][]byte, [][]*x509.Certificate) error {
	return func(_ [][]byte, chains [][]*x509.Certificate) error {
		leaf, issuer := chains[0][0], chains[0][1]
		for _, list := range lists {
			if list.CheckSignatureFrom(issuer) != nil {
				continue
			}
			if time.Now().After(list.NextUpdate) {
				return errors.New("the CRL has ended")
			}
			for _, entry := range list.RevokedCertificates {
				if entry.SerialNumber.Cmp(leaf.SerialNumber) == 0 {
					return errors.New("the certificate is revoked")
				}
			}
			return nil
		}
		return errors.New("there is no CRL")
	}
}

// Clients are named other CAs than those that count, so that the program verifies by itself.
func verify(trust *x509.CertPool) func([][]byte, [][]*x509.Certificate) error {
	return func(raw [][]byte, _ [][]*x509.Certificate) error {
		options := x509.VerifyOptions{Roots: trust, Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
		leaf, err := x509.ParseCertificate(raw[0])
		if err != nil {
			return err
		}
		for _, one := range raw[1:] {
			if issuer, err := x509.ParseCertificate(one); err == nil {
				options.Intermediates.AddCert(issuer)
			}
		}
		_, err = leaf.Verify(options)
		return err
	}
}

func config() *tls.Config {
	certificate, err := tls.LoadX509KeyPair(arguments["chain"], arguments["key"])
	fail(err)
	version := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[arguments["version"]]
	result := &tls.Config{
		Certificates: []tls.Certificate{certificate},
		ClientCAs:    pool(arguments["trust"]),
		ClientAuth:   tls.RequireAndVerifyClientCert,
		MinVersion:   version,
		MaxVersion:   version,
	}
	if arguments["crl"] != "" {
		result.VerifyPeerCertificate = notRevoked(revocationLists(arguments["crl"]))
	}
	if arguments["names"] != "" {
		result.ClientCAs, result.ClientAuth = pool(arguments["names"]), tls.RequireAnyClientCert
		result.VerifyPeerCertificate = verify(pool(arguments["trust"]))
	}
	if arguments["suite"] != "" {
		suite, err := strconv.ParseUint(arguments["suite"], 0, 16)
		fail(err)
		result.CipherSuites = []uint16{uint16(suite)}
	}
	return result
}

func answer(w http.ResponseWriter, r *http.Request) {
	if rule := arguments["rule"]; rule != "" && r.TLS.PeerCertificates[0].Subject.CommonName != rule {
		http.Error(w, "forbidden", http.StatusForbidden)
		return
	}
	fmt.Fprintln(w, "hello from go")
}

func main() {
	for _, argument := range os.Args[1:] {
		key, value, _ := strings.Cut(argument, "=")
		arguments[key] = value
	}
	server := &http.Server{Addr: "127.0.0.1:" + arguments["port"], Handler: http.HandlerFunc(answer)}
	if arguments["plain"] != "" {
		fail(server.ListenAndServe())
	}
	server.TLSConfig = config()
	fail(server.ListenAndServeTLS("", ""))
}
