// Products of a unit's terms 1 + ratio_r * chance[row_r], for a tile of words: see products.py.
//
// A term is one load, one fused multiplication and one multiplication; a stretch of the product stays in registers while
// all ranks pass by. Of as many ranks as fit float32 the product is made in float32, then multiplied into float64.

#include <cstdint>

namespace {

constexpr int64_t kStretch = 128;  // words: eight registers of AVX-512, enough to hide the latency of a multiplication
constexpr int64_t kAhead = 6;      // ranks whose rows are asked for early; they lie anywhere in the tile

template <int64_t fixed>
void multiply_stretch(double* product, const float* chance, const int64_t* rows, const float* ratios, int64_t words,
                      int64_t ranks, int64_t few, int64_t length) {
    const int64_t size = fixed ? fixed : length;
    float part[kStretch];
    for (int64_t start = 0; start < ranks; start += few) {
        const int64_t end = start + few < ranks ? start + few : ranks;
        for (int64_t word = 0; word < size; ++word) part[word] = 1.0f;
        for (int64_t rank = start; rank < end; ++rank) {
            const float* terms = chance + rows[rank] * words;
            const float ratio = ratios[rank];
            if (rank + kAhead < ranks) {
                const float* later = chance + rows[rank + kAhead] * words;
                for (int64_t word = 0; word < size; word += 16) __builtin_prefetch(later + word);
            }
#pragma omp simd
            for (int64_t word = 0; word < size; ++word) part[word] *= 1.0f + ratio * terms[word];
        }
        for (int64_t word = 0; word < size; ++word) product[word] *= part[word];
    }
}

}  // namespace

// product: units × words, multiplied in place; chance: rows × words; rows: units × ranks; ratios: ranks.
extern "C" void rivalry_multiply(double* product, const float* chance, const int64_t* rows, const float* ratios,
                                 int64_t words, int64_t units, int64_t ranks, int64_t few, int64_t threads) {
#pragma omp parallel for num_threads(threads) schedule(dynamic, 16)
    for (int64_t unit = 0; unit < units; ++unit) {
        for (int64_t first = 0; first < words; first += kStretch) {
            const int64_t length = words - first < kStretch ? words - first : kStretch;
            auto* multiply = length == kStretch ? multiply_stretch<kStretch> : multiply_stretch<0>;
            multiply(product + unit * words + first, chance + first, rows + unit * ranks, ratios, words, ranks, few,
                     length);
        }
    }
}
