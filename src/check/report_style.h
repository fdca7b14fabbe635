// How the report page looks: light and dark, narrow and wide, on a screen and on paper.
#pragma once

#include <string_view>

namespace symbolon::check {

// CSS, without anything that would end a <style> element.
std::string_view report_style();

}  // namespace symbolon::check
