// Runs a fuzz target over files, for compilers without libFuzzer and as a plain test:
//
//   fuzz_request FOLDER_OR_FILE ...      every file, and every prefix of each that is short
#include "fuzz.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

constexpr std::size_t prefixes_up_to = 2048;

std::size_t run(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::size_t first = text.size() <= prefixes_up_to ? 0 : text.size();
    for (std::size_t size = first; size <= text.size(); ++size) {
        // Of its own size, so that a sanitizer sees reads behind it.
        const std::vector<std::uint8_t> bytes(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    }
    return text.size() + 1 - first;
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t files = 0, inputs = 0;
    for (int i = 1; i < argc; ++i) {
        if (!std::filesystem::is_directory(argv[i])) {
            ++files;
            inputs += run(argv[i]);
            continue;
        }
        for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
            ++files;
            inputs += run(entry.path());
        }
    }
    std::printf("%zu files, %zu inputs\n", files, inputs);
    return files == 0 ? 1 : 0;
}
