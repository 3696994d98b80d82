// A linear layer behind a competition on the CPU: of every row only the units that are not zero are looked up.
//
// First the places of those units are collected, then their rows of the transposed weight are summed, in tiles of output
// columns that stay in registers. It is exact for any input; competition only makes it quick.

#include <cstdint>
#include <cstring>
#include <vector>

#ifdef __AVX512F__
#include <immintrin.h>
constexpr int LANES = 16;
#else
constexpr int LANES = 8;
#endif

namespace {

constexpr int TILE = 12;  // vectors of sums: they and a factor fit the registers of either width

typedef float Vector __attribute__((vector_size(4 * LANES)));

template <typename Number>
Number load(const float* place) {  // from anywhere: tensors need not lie at multiples of a vector's length
    Number number;
    std::memcpy(&number, place, sizeof number);
    return number;
}

// Places of the units that are not zero; `places` has room for LANES more.
int64_t find_active(const float* units, int64_t width, int32_t* places) {
    int64_t found = 0, unit = 0;
#ifdef __AVX512F__
    __m512i here = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    for (; unit + LANES <= width; unit += LANES) {
        const __m512 values = _mm512_loadu_ps(units + unit);
        const __mmask16 active = _mm512_cmp_ps_mask(values, _mm512_setzero_ps(), _CMP_NEQ_UQ);
        _mm512_storeu_si512(places + found, _mm512_maskz_compress_epi32(active, here));
        found += __builtin_popcount(active);
        here = _mm512_add_epi32(here, _mm512_set1_epi32(LANES));
    }
#endif
    for (; unit < width; ++unit) {  // without a branch, for nobody can foretell a winner
        places[found] = static_cast<int32_t>(unit);
        found += units[unit] != 0;
    }
    return found;
}

// bias + Σ unit · row, for COUNT vectors (or numbers) of neighbouring columns.
template <typename Number, int COUNT>
void sum_rows(const float* units, const int32_t* places, int64_t active, const float* rows, int64_t columns,
              const float* bias, float* output) {
    constexpr int LENGTH = sizeof(Number) / sizeof(float);
    Number sums[COUNT];
    for (int c = 0; c < COUNT; ++c) sums[c] = load<Number>(bias + c * LENGTH);
    for (int64_t a = 0; a < active; ++a) {
        const float unit = units[places[a]];
        const float* row = rows + places[a] * columns;
        for (int c = 0; c < COUNT; ++c) sums[c] += unit * load<Number>(row + c * LENGTH);
    }
    std::memcpy(output, sums, sizeof sums);
}

}  // namespace

// activations (count, width), rows (width, columns), bias (columns), output (count, columns).
extern "C" void sparse_linear(const float* activations, const float* rows, const float* bias, float* output,
                              int64_t count, int64_t width, int64_t columns, int64_t threads) {
#pragma omp parallel num_threads(threads)
    {
        std::vector<int32_t> places(width + LANES);
#pragma omp for schedule(static)
        for (int64_t i = 0; i < count; ++i) {
            const float* units = activations + i * width;
            float* out = output + i * columns;
            const int64_t active = find_active(units, width, places.data());
            int64_t c = 0;
            for (; c + TILE * LANES <= columns; c += TILE * LANES)
                sum_rows<Vector, TILE>(units, places.data(), active, rows + c, columns, bias + c, out + c);
            for (; c + LANES <= columns; c += LANES)
                sum_rows<Vector, 1>(units, places.data(), active, rows + c, columns, bias + c, out + c);
            for (; c < columns; ++c)
                sum_rows<float, 1>(units, places.data(), active, rows + c, columns, bias + c, out + c);
        }
    }
}
