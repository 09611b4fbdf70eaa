// Hours of sleep gained by ten patients under two drugs (Cushny and Peebles, 1905; Student, 1908; `sleep` in R).

export const firstDrug = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
export const secondDrug = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
