// Text as a manual page: the man(7) macros and what must be escaped for them. Used by the pages of
// the configuration (config_manual) and of the command line. Thread safety: as a std::string.
#pragma once

#include <string>
#include <string_view>

namespace headrace::config {

class ManualPage {
  public:
    struct Title {
        std::string_view name;  ///< `headrace`.
        int section = 1;
        std::string_view date{};     ///< `2026-11-21`.
        std::string_view version{};  ///< Of headrace.
    };
    explicit ManualPage(Title const& title);

    void section(std::string_view heading);     ///< `.SH`
    void subsection(std::string_view heading);  ///< `.SS`
    /// A paragraph; words between backquotes are bold.
    void paragraph(std::string_view text);
    /// One entry of a list: a bold term, what follows it in italics, and a paragraph.
    void entry(std::string_view term, std::string_view value, std::string_view text);
    /// Lines as they are, indented.
    void literal(std::string_view lines);

    [[nodiscard]] std::string const& text() const noexcept { return text_; }

  private:
    void begin_paragraph();

    std::string text_;
};

}  // namespace headrace::config
