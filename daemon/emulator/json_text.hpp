// Builds JSON text piece by piece, commas included: for the emulators' answers. It does not check
// that what is opened is closed.
#pragma once

#include "base/json.hpp"

#include <concepts>
#include <string>
#include <string_view>

namespace headrace::emulator {

class JsonText {
  public:
    JsonText& open(char bracket) {
        comma();
        text_ += bracket;
        first_ = true;
        return *this;
    }
    JsonText& close(char bracket) {
        text_ += bracket;
        first_ = false;
        return *this;
    }
    JsonText& key(std::string_view name) {
        comma();
        append_json_string(text_, name);
        text_ += ':';
        first_ = true;
        return *this;
    }
    JsonText& string(std::string_view value) {
        comma();
        append_json_string(text_, value);
        return *this;
    }
    /// A number's digits, or any text that is JSON already.
    JsonText& raw(std::string_view value) {
        comma();
        text_ += value;
        return *this;
    }
    template <std::integral T>
    JsonText& number(T value) {
        return raw(std::to_string(value));
    }
    JsonText& boolean(bool value) { return raw(value ? "true" : "false"); }

    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    void comma() {
        if (!first_) text_ += ',';
        first_ = false;
    }

    std::string text_;
    bool first_ = true;
};

}  // namespace headrace::emulator
