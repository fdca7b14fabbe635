// What the library calls back: the ClientHello chooses the route, the peer's chain is judged, messages are noted.
// Private to this folder.
#pragma once

#include <openssl/ssl.h>

namespace symbolon::tls {

// SSL_CTX_set_client_hello_cb: chooses the route, or refuses with unrecognized_name or a decode error.
int on_client_hello(SSL* ssl, int* alert, void* unused);

// SSL_CTX_set_alpn_select_cb: chooses the route's first protocol that the client offers, or refuses with
// no_application_protocol.
int on_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
            unsigned int offered_size, void* unused);

// SSL_CTX_set_tlsext_status_cb: sends the route's staple, where there is one that holds.
int on_status_request(SSL* ssl, void* unused);

// SSL_CTX_set_tlsext_ticket_key_evp_cb: the key of the chosen route's tickets, if it has some.
int on_ticket_key(SSL* ssl, unsigned char* key_name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                  int seals);

// SSL_CTX_set_session_ticket_cb: writes down what a session is to be judged by, at full handshakes only; and judges one
// that is offered. Where that fails, the full handshake follows.
int on_new_ticket(SSL* ssl, void* unused);
SSL_TICKET_RETURN on_ticket(SSL* ssl, SSL_SESSION* session, const unsigned char* key_name, std::size_t key_name_size,
                            SSL_TICKET_STATUS status, void* unused);

// SSL_CTX_set_cert_verify_callback: judges. On refusal the X509 error of the code's row is set, from which libssl makes
// the alert; it is the only moment at which it can send one.
int on_peer_chain(X509_STORE_CTX* store, void* unused);

// SSL_CTX_set_msg_callback: notes alerts, the first octets, and counts KeyUpdates.
void on_message(int sent, int version, int type, const void* octets, std::size_t size, SSL* ssl, void* unused);

}  // namespace symbolon::tls
