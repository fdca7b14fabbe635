// A mutual-TLS client on Go's crypto/tls: opens COUNT connections, on each writes SIZE bytes right after its Finished
// and only then reads; SIZE 0 sends one HTTP request instead. Prints "HOW-OFTEN WHAT-IT-SAW" lines.
//
// usage: go-client PORT HOST CA CHAIN KEY VERSION(1.2|1.3) COUNT SIZE [resume]   (CHAIN and KEY may be "-": no certificate)
// With `resume` one connection follows the other, each offers the newest session, and says so where it was taken.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

var parallel = 8

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// What a connection ended with, in words that tests compare.
func words(err error) string {
	switch {
	case err == io.EOF:
		return "end"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	}
	text := err.Error()
	if at := strings.Index(text, "remote error: tls: "); at >= 0 {
		return "alert: " + text[at+len("remote error: tls: "):]
	}
	return "other: " + text
}

func connect(address string, config *tls.Config, size int) string {
	conn, err := tls.Dial("tcp", address, config)
	if err != nil {
		return words(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	if size > 0 {
		conn.Write(make([]byte, size)) // a failed write says nothing yet: what the server sent is read below
	} else {
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", config.ServerName)
	}
	answer := make([]byte, 65536)
	n, err := conn.Read(answer)
	if n > 0 {
		_, body, _ := strings.Cut(string(answer[:n]), "\r\n\r\n")
		if conn.ConnectionState().DidResume {
			return "resumed, data: " + strings.TrimSpace(body)
		}
		return "data: " + strings.TrimSpace(body)
	}
	return words(err)
}

// Chain and key as they are: whether they belong together is for the server to find out.
func pair(chain, key string) tls.Certificate {
	var result tls.Certificate
	rest, err := os.ReadFile(chain)
	fail(err)
	for block, left := pem.Decode(rest); block != nil; block, left = pem.Decode(left) {
		result.Certificate = append(result.Certificate, block.Bytes)
	}
	text, err := os.ReadFile(key)
	fail(err)
	block, _ := pem.Decode(text)
	result.PrivateKey, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	fail(err)
	return result
}

func main() {
	port, host, ca, chain, key, version := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5], os.Args[6]
	count, err := strconv.Atoi(os.Args[7])
	fail(err)
	size, err := strconv.Atoi(os.Args[8])
	fail(err)

	config := &tls.Config{ServerName: host, RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	config.MaxVersion = map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[version]
	config.MinVersion = config.MaxVersion
	roots, err := os.ReadFile(ca)
	fail(err)
	config.RootCAs.AppendCertsFromPEM(roots)
	if chain != "-" {
		pair := pair(chain, key)
		// Sent even when the server's list of CA names does not hold its issuer.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}

	if len(os.Args) > 9 {
		config.ClientSessionCache = tls.NewLRUClientSessionCache(0)
		parallel = 1
	}

	var waiting sync.WaitGroup
	work, results := make(chan bool, count), make(chan string, count)
	for i := 0; i < count; i++ {
		work <- true
	}
	close(work)
	for i := 0; i < parallel; i++ {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			for range work {
				results <- connect("127.0.0.1:"+port, config, size)
			}
		}()
	}
	waiting.Wait()
	close(results)
	seen := map[string]int{}
	for result := range results {
		seen[result]++
	}
	for what, often := range seen {
		fmt.Println(often, what)
	}
}
