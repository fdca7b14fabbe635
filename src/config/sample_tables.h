// Tables as a role would declare them: for the tests and the fuzz target of this folder.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/table.h"

namespace symbolon::config::sample {

enum class Verify { require, optional, insecure_none };

struct Clients {
  Verify verify = Verify::require;
  int depth = 3;
  std::vector<std::string> trust;
  std::string allow;
};
struct Managed {
  std::string from;
  std::vector<std::string> names;
};
struct Files {
  Path cert;
  Path key;
};
struct Route {
  std::string name;
  std::string listen;
  std::variant<Managed, Files> certificate;
  Clients clients;
  std::string to;
  std::optional<std::uint64_t> largest;
  Place place;
};
struct Profile {
  Seconds lifetime = kDay * 90;
  bool insecure_any_name = false;
};
struct Root {
  Path state;
  std::vector<Route> routes;
  std::map<std::string, Profile> profiles;
};

inline Table<Clients> clients_table() {
  Table<Clients> t("clients", "Who may connect.");
  t.optional(
       "verify", &Clients::verify,
       choice<Verify>(
           {{"require", Verify::require}, {"optional", Verify::optional}, {"insecure_none", Verify::insecure_none}}),
       "Whether a client needs a certificate.")
      .optional("depth", &Clients::depth, integer(0, 9), {"Intermediate certificates at most.", "2"})
      .optional("trust", &Clients::trust, list_of(string(), {.least = 1}), "CAs of the clients.")
      .required("allow", &Clients::allow, string(), "Who of them gets in.")
      .check(
          [](const Clients& clients) -> Status {
            if (clients.depth == 0 && clients.trust.size() > 5) {
              return fail(Code::config_bad_value, "'depth' 0 with more than 5 CAs is surely an error");
            }
            return {};
          },
          "depth");
  return t;
}

inline Value<std::variant<Managed, Files>> certificate_value() {
  using Either = std::variant<Managed, Files>;
  Table<Managed> managed("certificate", "Issued and renewed by itself.");
  managed.required("from", &Managed::from, string(), "`authority`.")
      .optional("names", &Managed::names, list_of(string()), "Its names.");
  Table<Files> files("certificate", "From files.");
  files.required("cert", &Files::cert, path(), "PEM, the leaf first.").required("key", &Files::key, path(), "PEM.");
  return either<Either>({as<Either>(table(managed)), as<Either>(table(files))});
}

inline Table<Root> root_table() {
  Table<Route> route("route", "One port and the service behind it.");
  route.required("name", &Route::name, string(), "What records call it.")
      .required("listen", &Route::listen, string(), {"Address and port.", ":8443"})
      .required("certificate", &Route::certificate, certificate_value(), "What the gateway presents.")
      .required("clients", &Route::clients, table(clients_table()), "Who may connect.")
      .required("to", &Route::to, string(), "The service, plain | unencrypted.")
      .optional("largest", &Route::largest, size(1024, 1 << 30), "Largest request.")
      .place(&Route::place);
  Table<Profile> profile("profile", "What kind of certificate.");
  profile.optional("lifetime", &Profile::lifetime, duration(kMinute, kDay * 365), "How long.")
      .optional("insecure_any_name", &Profile::insecure_any_name, boolean(), "Certify any name.");
  Table<Root> root("", "The configuration of everything.");
  root.optional("state", &Root::state, path(), "Where state is kept.")
      .optional("routes", &Root::routes, list_of(table(route), {.unique_key = "name"}), "The routes.")
      .optional("profiles", &Root::profiles, map_of(table(profile)), "The profiles.");
  return root;
}

}  // namespace symbolon::config::sample
